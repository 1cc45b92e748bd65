// Starts the service and stops it on SIGTERM or SIGINT: requests under way are finished, a second signal ends at once.
import { parseWordcountConfig } from './config.ts';
import { createWordcountService } from './service.ts';

// Below the 10 s that `docker stop` waits.
const longestStopMs = 9_000;

try {
  const config = parseWordcountConfig(process.env);
  const service = createWordcountService(config);
  let stopping = false;
  const stop = (signal: string): void => {
    if (stopping) process.exit(1);
    stopping = true;
    console.log(JSON.stringify({ level: 'info', message: `stopping on ${signal}` }));
    setTimeout(() => process.exit(1), longestStopMs).unref();
    void service.stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  service.server.on('error', (error) => {
    console.error(`wordcount cannot listen on port ${config.port}: ${error.message}`);
    process.exit(1);
  });
  service.server.listen(config.port, () => {
    const address = service.server.address();
    const port = address !== null && typeof address === 'object' ? address.port : config.port;
    console.log(JSON.stringify({ level: 'info', message: `wordcount ${config.version} listens`, port }));
  });
} catch (error) {
  console.error(`wordcount cannot start:\n${error instanceof Error ? error.message : String(error)}`);
  process.exit(2);
}
