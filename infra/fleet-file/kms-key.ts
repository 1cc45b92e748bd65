/** The full name of a key of Cloud KMS; the group is its location. */
export const KMS_KEY_FORM =
  /^projects\/[a-z0-9.:-]+\/locations\/([a-z0-9-]+)\/keyRings\/[\w-]{1,63}\/cryptoKeys\/[\w-]{1,63}$/;
