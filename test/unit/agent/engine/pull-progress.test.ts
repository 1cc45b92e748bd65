import t from 'tap';
import {
  addPullMessage,
  emptyPull,
  pullFault,
  toPullProgress,
  type PullMessage,
} from '../../../../agent/engine/pull-progress.ts';

const fold = (messages: readonly PullMessage[]) => toPullProgress(messages.reduce(addPullMessage, emptyPull));

t.test('pull progress: layers and bytes follow the messages of the engine', (t) => {
  const messages: readonly PullMessage[] = [
    { status: 'Pulling from web', id: 'sha256:00' },
    { status: 'Pulling fs layer', id: 'aaaaaaaaaaaa' },
    { status: 'Already exists', id: 'bbbbbbbbbbbb' },
    { status: 'Downloading', id: 'aaaaaaaaaaaa', progressDetail: { current: 500, total: 1000 } },
  ];

  t.same(fold(messages), { layersDone: 1, layers: 2, bytesDone: 500, isDownloading: true });
  const later: readonly PullMessage[] = [
    ...messages,
    { status: 'Downloading', id: 'aaaaaaaaaaaa', progressDetail: { current: 1000, total: 1000 } },
    { status: 'Extracting', id: 'aaaaaaaaaaaa', progressDetail: { current: 10, total: 1000 } },
    { status: 'Pull complete', id: 'aaaaaaaaaaaa', progressDetail: {} },
    { status: 'Digest: sha256:00' },
    { status: 'Status: Downloaded newer image for web' },
  ];
  t.same(
    fold(later),
    { layersDone: 2, layers: 2, bytesDone: 1000, isDownloading: false },
    'extracting does not count again',
  );
  t.end();
});

t.test('pull progress: nothing is downloaded any more once all layers are here, though not unpacked', (t) => {
  t.equal(fold([]).isDownloading, true, 'before the first layer is named');
  t.equal(fold([{ status: 'Verifying Checksum', id: 'aaaaaaaaaaaa' }]).isDownloading, false);
  t.end();
});

t.test('pull progress: a message that says nothing new changes nothing', (t) => {
  const state = addPullMessage(emptyPull, { status: 'Pulling fs layer', id: 'aaaaaaaaaaaa' });

  t.equal(addPullMessage(state, { status: 'Waiting', id: 'aaaaaaaaaaaa' }), state);
  t.equal(addPullMessage(state, { status: 'Pulling from web', id: 'latest' }), state);
  t.end();
});

t.test('pullFault: both places where the engine writes it', (t) => {
  t.equal(pullFault({ error: 'short', errorDetail: { message: 'long' } }), 'long');
  t.equal(pullFault({ error: 'short' }), 'short');
  t.equal(pullFault({ status: 'Pulling' }), null);
  t.end();
});
