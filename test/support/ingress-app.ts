/**
 * A small app for tests of the ingress, as the text of a Node program: it says who it is, counts a body, answers late or
 * breaks off when asked, and echoes over a websocket. It needs nothing but Node. On SIGTERM it ends at once, so that a request
 * which was not drained fails.
 */
export const ingressAppProgram = `
const http = require('http'), crypto = require('crypto')
const name = process.env.NAME
let broken = 0
const server = http.createServer((request, response) => {
  let bytes = 0
  if (request.url.startsWith('/break')) { broken++; return request.socket.destroy() }
  if (request.url === '/broken') return response.end(String(broken))
  request.on('data', (chunk) => (bytes += chunk.length))
  request.on('end', () => {
    const late = Number(new URL(request.url, 'http://x').searchParams.get('late') || 0)
    setTimeout(() => response.end(JSON.stringify({ name, url: request.url, bytes, headers: request.headers })), late)
  })
})
server.on('upgrade', (request, socket) => {
  const accept = crypto.createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64')
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n')
  socket.on('error', () => socket.destroy())
  socket.on('data', (frame) => {
    if ((frame[0] & 15) !== 1) return socket.end()
    const length = frame[1] & 127, mask = frame.subarray(2, 6)
    const text = Buffer.from(frame.subarray(6, 6 + length).map((byte, at) => byte ^ mask[at % 4]))
    socket.write(Buffer.concat([Buffer.from([129, length]), text]))
  })
})
server.listen(8080)
process.on('SIGTERM', () => process.exit(0))
`;
