// kinesalite ends when a client goes away in the middle of a request, as a process does that is killed. Only that
// request is void.
process.on("uncaughtException", (error) => {
  if (error.code !== "ECONNRESET") {
    console.error(error);
    process.exit(1);
  }
});
