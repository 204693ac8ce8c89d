/** The locale of a shell beside a container's program. */

/**
 * @param environment the container's variables, `NAME=value`
 * @returns the variables to add, so that shells and editors read and write UTF-8; none if the container sets a locale
 * @see POSIX.1-2017, 8.2 "Internationalization Variables": an empty variable is the same as none
 */
export const shellLocale = (environment: readonly string[]): readonly string[] =>
  environment.some((variable) => /^(?:LANG|LC_ALL|LC_CTYPE)=./s.test(variable)) ? [] : ['LANG=C.UTF-8']
