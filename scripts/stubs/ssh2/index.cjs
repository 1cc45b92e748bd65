// The real package compiles native code at install time for a transport that Longshore refuses to use.
// Whoever asks for it by accident (DOCKER_HOST=ssh://...) gets told so instead of a missing module.
class Client {
  constructor() {
    throw new Error('Docker over SSH is not supported: use a unix socket or tcp:// in DOCKER_HOST');
  }
}
module.exports = { Client };
