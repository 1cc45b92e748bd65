/**
 * One sealed value with everything it was made of, for both sides (`protocol/sealing.ts`): who seals with these inputs
 * must get these bytes, who opens these bytes must get this value. Made with keys that exist nowhere else.
 */
export const SEALING_VECTOR = {
  /** Raw X25519 keys, base64. */
  hostPrivateKey: 'd8mS3eo9c5kX8Zn2l1mTgM2wF1l0c0q0Wb7v4m2nVlA=',
  hostPublicKey: 'DKRXAqG2llyYh0FTO1G7BGIhUIhTDpbnbxr6GeWdfzM=',
  ephemeralPrivateKey: 'Gk1uYk0wQ2h2T3p6cE1yR3FXc0hqS2xRd0VmVXhCaTM=',
  nonce: 'AAECAwQFBgcICQoL',
  context: 'longshore-secret-v1\nh-0000000000000001\nshop\ndb-password\n3',
  value: 'correct horse battery staple',
  sealed:
    '9m8z7GF/HmQa4uP6jlfXuyd1Jwi839vf9CRcqTJ6MxAAAQIDBAUGBwgJCgsbTiZaMw/p4hwTUYA0nlTsVsuFKQ3egjPgeZycwH+NCXe2KOq8UW0KCD58GA==',
} as const;
