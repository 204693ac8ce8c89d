/** HTTP clients for registries and other image sources. Does not depend on the engine. */
export { registryClient, type ListedTags, type ManifestHead, type RegistryClient } from './client.ts'
export { dockerCredentials, type Credentials, type CredentialStore } from './credentials.ts'
export { mayNeedLogin, withHelper, type HelperFailed } from './credential-helper.ts'
export { registryFailureOf } from './engine-messages.ts'
export { httpClient, type HttpResponse, type Http, type RequestOptions } from './http.ts'
export {
  untrustedRegistry,
  type DownloadMeasurement,
  type FetchedManifest,
  type UntrustedRegistry,
  type UntrustedRegistryOptions,
} from './untrusted-registry.ts'
export { isInsecure, type InsecureRegistries } from './insecure-registries.ts'
export { manifestForPlatform, type Descriptor, type ManifestOrIndex } from './manifest.ts'
