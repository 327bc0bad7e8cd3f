/** An e-mail address as accounts are told apart by it: case does not count. */
export function toEmailKey(email: string): string {
  return email.toLowerCase();
}
