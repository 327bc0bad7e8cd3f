/** The largest message that services accept and send, in bytes. */
export const messageBytesMax = 4 * 2 ** 20;
