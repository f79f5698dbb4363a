"""The proxy before a server: what comes out is what went in, and each call is noted."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from local.permissions.recorder import Call, Recorder
from local.permissions.roles import access_key_id, credentials
from local.process import free_port

ROLE = "arn:aws:iam::000000000000:role/service/Job-Role"
KEY = access_key_id(ROLE)
DOMAIN = "arn:aws:es:us-east-1:000000000000:domain/search"
#: As in a header that botocore writes.
SIGNED = {"Authorization": f"AWS4-HMAC-SHA256 Credential={KEY}/20250301/us-east-1/s3/aws4_request, Signature=0"}


class Echo(BaseHTTPRequestHandler):
    """Answers with what it was sent; the path chooses how."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        chunked = "chunked" in self.headers.get("Transfer-Encoding", "")
        body = b"".join(self._chunks()) if chunked else self.rfile.read(int(self.headers.get("Content-Length", 0)))
        told = "\n".join([self.requestline, *(f"{name}: {value}" for name, value in self.headers.items()), ""]).encode()
        answer = told + body
        self.send_response(200)
        match self.path:
            case "/chunks":
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for part in (answer, b"more"):
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                self.wfile.write(b"0\r\n\r\n")
            case "/until-the-end":
                self.end_headers()
                self.wfile.write(answer)
                self.close_connection = True
            case _:
                self.send_header("Content-Length", str(len(answer)))
                self.send_header("X-Mine", "ä")
                self.end_headers()
                self.wfile.write(answer)

    do_PUT = do_GET = do_POST  # noqa: N815 - the base class's names

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()

    def do_DELETE(self) -> None:
        self.send_response(204)
        self.end_headers()

    def do_PATCH(self) -> None:
        self.close_connection = True  # no answer at all

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()


class Server(ThreadingHTTPServer):
    """Takes many connections at once."""

    request_queue_size = 128
    daemon_threads = True


@contextmanager
def serving(handler: type[Echo]) -> Iterator[str]:
    server = Server(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def echo() -> Iterator[str]:
    with serving(Echo) as address:
        yield address


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with Recorder() as made:
        yield made


def connection(address: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(str(urlsplit(address).hostname), urlsplit(address).port, timeout=20)


def test_headers_and_body_come_as_they_were_sent(echo: str, recorder: Recorder) -> None:
    with closing(connection(recorder.before(echo))) as client:
        headers = {**SIGNED, "x-amz-content-sha256": "UNSIGNED-PAYLOAD", "Host": "elsewhere:1", "Accept-Encoding": "x"}
        client.request("PUT", "/b/k%20%2F?partNumber=1&uploadId=u", body=b"\x00\xff" * 200_000, headers=headers)
        answer = client.getresponse()
        told, _, body = answer.read().partition(b"\n\x00")
        assert told.decode().splitlines()[0] == "PUT /b/k%20%2F?partNumber=1&uploadId=u HTTP/1.1"
        assert {f"{name}: {value}" for name, value in headers.items()} < set(told.decode().splitlines())
        assert b"\x00" + body == b"\x00\xff" * 200_000
        assert answer.getheader("X-Mine") == "ä"


@pytest.mark.parametrize("path", ["/plain", "/chunks", "/until-the-end"])
def test_an_answer_comes_whole_whatever_tells_its_end(echo: str, recorder: Recorder, path: str) -> None:
    with closing(connection(recorder.before(echo))) as client:
        for _ in range(2):  # the second one on the connection of the first, where that is left
            client.request("POST", path, body=b"ping")
            assert b"ping" in client.getresponse().read()
        client.request("HEAD", path)
        answer = client.getresponse()
        assert (answer.getheader("Content-Length"), answer.read()) == ("1000", b"")
        client.request("DELETE", path)
        assert client.getresponse().status == 204


def test_a_body_in_chunks_is_passed_on_while_it_comes(echo: str, recorder: Recorder) -> None:
    with closing(connection(recorder.before(echo))) as client:
        headers = {**SIGNED, "content-encoding": "aws-chunked", "Transfer-Encoding": "chunked"}
        client.request(
            "PUT", "/b/k", body=iter([b"5;chunk-signature=0\r\n", b"hello\r\n"]), headers=headers, encode_chunked=True
        )
        told = client.getresponse().read()
        assert b"Transfer-Encoding: chunked\n" in told
        assert told.endswith(b"5;chunk-signature=0\r\nhello\r\n")


def test_a_client_that_waits_for_leave_to_send_its_body_gets_it(echo: str, recorder: Recorder) -> None:
    address = urlsplit(recorder.before(echo))
    with closing(socket.create_connection((address.hostname, address.port), timeout=20)) as client:
        client.sendall(b"PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 100 ")
        client.sendall(b"body")
        assert client.recv(10_000).startswith(b"HTTP/1.1 200 ")


def test_a_server_that_goes_away_takes_the_connection_with_it(echo: str, recorder: Recorder) -> None:
    with closing(connection(recorder.before(echo))) as client:
        client.request("PATCH", "/")
        with pytest.raises(http.client.RemoteDisconnected):
            client.getresponse()
    with closing(connection(recorder.before(f"http://127.0.0.1:{free_port()}"))) as client:
        client.request("GET", "/")
        with pytest.raises(http.client.RemoteDisconnected):
            client.getresponse()


def test_many_clients_at_once_each_get_their_own_answer(echo: str, recorder: Recorder) -> None:
    address = recorder.before(echo)

    def ask(number: int) -> bool:
        with closing(connection(address)) as client:
            client.request("POST", f"/{number}", body=str(number))
            return f"POST /{number} " in client.getresponse().read().decode()

    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(ask, range(200)))


def test_a_call_is_noted_once_with_the_key_action_and_resource_and_one_without_signature_by_its_path(
    echo: str, recorder: Recorder
) -> None:
    with closing(connection(recorder.before(echo))) as client:
        for headers in (SIGNED, SIGNED, {}):
            client.request("PUT", "/b/k", body=b"1", headers=headers)
            client.getresponse().read()
    assert recorder.calls == {Call(KEY, "s3:PutObject", "arn:aws:s3:::b/k"), Call("", "PUT", "/b/k")}
    assert recorder.unknown == []


def test_calls_of_those_who_have_no_role_are_passed_on_and_not_noted(echo: str) -> None:
    with Recorder(but=["local"]) as recorder, closing(connection(recorder.before(echo))) as client:
        for key in ("local", KEY):
            headers = {"Authorization": SIGNED["Authorization"].replace(KEY, key)}
            client.request("PUT", "/b/k", body=b"1", headers=headers)
            assert client.getresponse().read()
    assert {call.access_key_id for call in recorder.calls} == {KEY}


def test_what_a_proxy_stands_for_is_the_resource_of_requests_that_do_not_name_it(echo: str, recorder: Recorder) -> None:
    signed = {"Authorization": SIGNED["Authorization"].replace("/s3/", "/es/")}
    with closing(connection(recorder.before(echo, target=DOMAIN))) as client:
        client.request("POST", "/_bulk?refresh=false", body=b"{}", headers=signed)
        client.getresponse().read()
    assert recorder.calls == {Call(KEY, "es:ESHttpPost", f"{DOMAIN}/_bulk")}


@pytest.mark.parametrize(
    "answer",
    [
        b'{"MillisBehindLatest":0,"NextShardIterator":"AAA+/=","Records":[]}',
        b"\xa3rMillisBehindLatest\x00qNextShardIterator\x78\x06AAA+/=gRecords\x80",
    ],
    ids=["json", "cbor"],
)
def test_who_reads_on_from_what_an_answer_gave_reads_the_same_stream(recorder: Recorder, answer: bytes) -> None:
    class Shard(Echo):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

    stream = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks"
    first, next_ = {"ShardIterator": "first", "StreamARN": stream}, {"ShardIterator": "AAA+/="}
    headers = {
        "Authorization": SIGNED["Authorization"].replace("/s3/", "/kinesis/"),
        "X-Amz-Target": "Kinesis_20131202.GetRecords",
        "Content-Type": "application/x-amz-json-1.1",
    }
    with serving(Shard) as address, closing(connection(recorder.before(address))) as client:
        for body in (first, next_):
            client.request("POST", "/", body=json.dumps(body), headers=headers)
            assert client.getresponse().read() == answer
    assert recorder.calls == {Call(KEY, "kinesis:GetRecords", stream)}


def test_a_request_that_nobody_can_name_is_passed_on_and_told(echo: str, recorder: Recorder) -> None:
    signed = {"Authorization": SIGNED["Authorization"].replace("/s3/", "/bedrock/")}
    with closing(connection(recorder.before(echo))) as client:
        client.request("POST", "/model", body=b"{}", headers=signed)
        assert client.getresponse().status == 200
    assert recorder.calls == frozenset()
    assert "must be of a service in permissions/services.yaml (got 'bedrock'" in recorder.unknown[0]


def test_an_emulator_answers_a_role_behind_the_proxy_as_it_does_without(recorder: Recorder) -> None:
    moto = ThreadedMotoServer("127.0.0.1", free_port(), verbose=False)
    moto.start()
    try:
        address = recorder.before(f"http://127.0.0.1:{moto._port}")
        keys = {name.lower(): value for name, value in credentials(ROLE).items()}
        clients = {
            name: boto3.client(name, endpoint_url=address, region_name="us-east-1", **keys)  # type: ignore[call-overload]
            for name in ("s3", "logs", "sts")
        }
        clients["s3"].create_bucket(Bucket="bucket")
        clients["s3"].put_object(Bucket="bucket", Key="k", Body=b"x" * 1_000_000)
        assert len(clients["s3"].get_object(Bucket="bucket", Key="k")["Body"].read()) == 1_000_000
        clients["s3"].delete_objects(Bucket="bucket", Delete={"Objects": [{"Key": "k"}]})
        clients["logs"].create_log_group(logGroupName="/g")
        assert clients["sts"].get_caller_identity()["Account"] == "123456789012"
        with pytest.raises(ClientError, match="NoSuchKey"):
            clients["s3"].get_object(Bucket="bucket", Key="k")
    finally:
        moto.stop()
    assert {call.access_key_id for call in recorder.calls} == {KEY}
    assert {call.action for call in recorder.calls} == {
        *("s3:CreateBucket", "s3:PutObject", "s3:GetObject", "s3:DeleteObject"),
        *("logs:CreateLogGroup", "sts:GetCallerIdentity"),
    }


def test_a_role_has_a_key_of_its_own_made_of_its_name() -> None:
    assert KEY == "Job_Role"
    assert len(access_key_id(f"{ROLE}{'x' * 300}")) == 128
    assert credentials(ROLE) == {"AWS_ACCESS_KEY_ID": "Job_Role", "AWS_SECRET_ACCESS_KEY": "local"}
