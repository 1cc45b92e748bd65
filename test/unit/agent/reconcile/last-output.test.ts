import t from 'tap';
import type { ContainerEngine, OnChunk } from '../../../../agent/engine/container-engine.ts';
import { lastOutput, outputNote } from '../../../../agent/reconcile/last-output.ts';
import { makeMask } from '../../../../fleet/secret-mask.ts';
import { LongshoreError } from '../../../../fleet/errors.ts';
import type { InstanceId } from '../../../../fleet/ids.ts';

const instance = 'i-000000000001' as InstanceId;
const { signal } = new AbortController();

const engineThat = (read: (onChunk: OnChunk) => Promise<string | null>): Pick<ContainerEngine, 'readLogs'> => ({
  readLogs: (_instance, _options, onChunk) => read(onChunk),
});
const plain = (text: string): string => text;
const never = new Promise<null>(() => undefined);

t.test('last output: the end of what was written, without NUL, whatever its length', async (t) => {
  const engine = engineThat(async (onChunk) => {
    for (let chunk = 0; chunk < 100; chunk += 1) await onChunk(1, Buffer.alloc(1_000, 'x'));
    await onChunk(2, Buffer.from('the\u0000 end\n'));
    return null;
  });

  const output = await lastOutput(engine, instance, plain, signal);

  t.equal(output.kind, 'read');
  const note = outputNote(output);
  t.match(note, /^; last output:\n\[9[78],\d{3} more characters\] …x+the end$/);
  t.ok(note.length <= 2_100, `${note.length} characters`);
});

t.test('last output: a secret that the cut goes through is taken out whole', async (t) => {
  const engine = engineThat(async (onChunk) => {
    await onChunk(1, Buffer.from(`sup3r-s3cret-t0ken${'x'.repeat(2_040)}`));
    return null;
  });

  const output = await lastOutput(engine, instance, makeMask(['sup3r-s3cret-t0ken']), signal);

  t.notMatch(outputNote(output), /t0ken/);
  t.match(outputNote(output), /\*\*\*x+$/);
});

t.test('last output: a logging driver that keeps nothing is a note, not an error', async (t) => {
  const engine = engineThat(async () => {
    throw new LongshoreError(
      'ENGINE_REFUSED',
      `read logs of ${instance}: configured logging driver does not support reading`,
    );
  });

  t.equal(outputNote(await lastOutput(engine, instance, plain, signal)), '; no output: the logging driver keeps none');
});

t.test('last output: any other failure is a note with its reason', async (t) => {
  const engine = engineThat(async () => {
    throw new LongshoreError('ENGINE_UNAVAILABLE', 'read logs: socket hang up');
  });

  t.equal(outputNote(await lastOutput(engine, instance, plain, signal)), '; no output: read logs: socket hang up');
});

t.test(
  'last output: an engine that never answers, and does not listen to the signal, is waited for once',
  async (t) => {
    t.match(
      outputNote(
        await lastOutput(
          engineThat(() => never),
          instance,
          plain,
          signal,
          20,
        ),
      ),
      /^; no output: .* within 0.02 s$/,
    );
  },
);

t.test('last output: what came before the engine hung is kept', async (t) => {
  const engine = engineThat(async (onChunk) => {
    await onChunk(1, Buffer.from('half a line'));
    return never;
  });

  t.equal(outputNote(await lastOutput(engine, instance, plain, signal, 20)), '; last output:\nhalf a line');
});

t.test('last output: an instance that wrote nothing has no note', async (t) => {
  t.equal(
    outputNote(
      await lastOutput(
        engineThat(async () => null),
        instance,
        plain,
        signal,
      ),
    ),
    '',
  );
});
