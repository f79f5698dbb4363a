"""moto's server, but any upload can be completed: ``python -m local.services.s3_of_any_upload PORT``.

A sink that is restored from a savepoint completes the uploads that were pending, in the bucket that had them. Where
only the restore is tried, the bucket is another, empty one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple
from werkzeug.wrappers import Request, Response

_COMPLETED = """<?xml version="1.0" encoding="UTF-8"?>
<CompleteMultipartUploadResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<ETag>"d41d8cd98f00b204e9800998ecf8427e-1"</ETag>
</CompleteMultipartUploadResult>"""


class AnyUpload:
    """The server's application, with that one answer changed."""

    def __init__(self, application: Any) -> None:  # noqa: ANN401 - WSGI
        """Answer as ``application`` does, but for uploads that it does not know."""
        self._application = application

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:  # noqa: ANN401 - WSGI
        """Handle a request."""
        request = Request(environ)
        if request.method != "POST" or "uploadId" not in request.args:
            answer: Iterable[bytes] = self._application(environ, start_response)
            return answer
        response = Response.from_app(self._application, environ, buffered=True)
        if response.status_code >= 400:  # moto itself stumbles over an upload that it does not know
            response = Response(_COMPLETED, mimetype="application/xml")
        return response(environ, start_response)


if __name__ == "__main__":
    run_simple(
        "127.0.0.1",
        int(sys.argv[1]),
        AnyUpload(DomainDispatcherApplication(create_backend_app)),
        threaded=True,
        request_handler=MotoRequestHandler,
    )
