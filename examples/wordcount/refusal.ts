// An answer to a request that cannot be served: status, a code for programs, a sentence for people.

export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }

  static tooLarge(maxBytes: number): Refusal {
    return new Refusal(
      413,
      'too-large',
      `The file is larger than ${readableBytes(maxBytes)}, the most that is counted here.`,
    );
  }
}

function readableBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${Number((bytes / 1024 ** power).toFixed(1))} ${units[power] ?? ''}`;
}
