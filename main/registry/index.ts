/** Registries, and whoever else tells of images by HTTP. Knows nothing of the engine. */
export { registryClient, type ListedTags, type ManifestHead, type RegistryClient } from './client.ts'
export { dockerCredentials, type Credentials, type CredentialStore } from './credentials.ts'
export { httpClient, type Answer, type Http, type Question } from './http.ts'
export { guestOf, type Guest, type Measured, type Seen, type Visit } from './guest.ts'
export { forPlatform, type Descriptor, type Manifest } from './manifest.ts'
