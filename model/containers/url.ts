/** The address of a container's page. */

/** Whether a URL that main has built leads to this computer and nowhere else. */
export const isLoopbackUrl = (url: string): boolean => /^https?:\/\/(?:127(?:\.\d{1,3}){3}|\[::1\]):\d{1,5}$/.test(url)
