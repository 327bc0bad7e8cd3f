/** For `catch`: undefined where there is no such file. Throws any other error again. */
export function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
