/** The repositories of the Docker Hub stub: the official images of the app's own catalogue, and a few community ones. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { control, html } from '../awkward.ts'

export interface Repository {
  /** The familiar name: official images are without `library/`. */
  readonly name: string
  readonly description: string
  readonly stars: number
  readonly pulls: number
  readonly official: boolean
  readonly automated: boolean
  readonly tags: readonly Tag[]
}

/** A tag in the shape of Docker Hub's web API. */
export interface Tag {
  readonly name: string
  readonly full_size: number
  readonly last_updated: string
  readonly digest: string
  readonly images: readonly TagImage[]
}

export interface TagImage {
  readonly architecture: string
  readonly variant: string | null
  readonly os: string
  readonly digest: string
  readonly size: number
}

const folder = join(import.meta.dirname, '../../../resources/catalogue')

/** All repositories, most stars first. Sizes, dates and pull counts are invented, but the same at each call. */
export function readRepositories(): readonly Repository[] {
  const catalogue = JSON.parse(readFileSync(join(folder, 'official-images.json'), 'utf8')) as Catalogue
  const listedAt = new Date(catalogue.listed)
  const { images: tagGroups } = JSON.parse(readFileSync(join(folder, 'official-tags.json'), 'utf8')) as TagCatalogue
  const officialRepositories = catalogue.images.map(
    ({ name, stars = 10 + (pseudoRandom(name) % 200), en }): Repository => {
      const tags = (tagGroups[name] ?? []).flatMap(([tags, architectures], index) =>
        createTags(name, tags, architectures, hoursBefore(listedAt, 3 + index * 11)),
      )
      return {
        name,
        description: en.what,
        stars,
        pulls: stars * 51_337 + pseudoRandom(name),
        official: true,
        automated: false,
        tags,
      }
    },
  )
  const communityRepositories = communityImages.map(
    ([name, description, stars, automated = false], index): Repository => ({
      name,
      description,
      stars,
      pulls: stars * 90_001 + pseudoRandom(name),
      official: false,
      automated,
      tags: [
        ...createTags(name, ['latest', '3', '3.1.0'], ['amd64', 'arm64v8'], hoursBefore(listedAt, 40 + index)),
        ...createTags(name, ['3.0.2'], ['amd64'], hoursBefore(listedAt, 4000 + index)),
      ],
    }),
  )
  return [...officialRepositories, ...communityRepositories].sort((a, b) => b.stars - a.stars)
}

/** Finds a repository by its path in the registry API, such as `library/nginx`. */
export const findRepository = (repositories: readonly Repository[], path: string): Repository | undefined =>
  repositories.find(({ name }) => (name.includes('/') ? name : `library/${name}`) === path)

interface Catalogue {
  readonly listed: string
  readonly images: readonly { readonly name: string; readonly stars?: number; readonly en: { readonly what: string } }[]
}

interface TagCatalogue {
  readonly images: Readonly<
    Record<string, readonly (readonly [tags: readonly string[], architectures: readonly string[]])[]>
  >
}

const communityImages: readonly (readonly [name: string, description: string, stars: number, automated?: boolean])[] = [
  ['bitnami/nginx', 'Bitnami Secure Image for nginx', 204, true],
  ['linuxserver/nginx', 'An Nginx container, brought to you by LinuxServer.io.', 236],
  ['nginx/nginx-ingress', 'NGINX and NGINX Plus Ingress Controllers for Kubernetes', 118],
  ['nginxproxy/nginx-proxy', 'Automated nginx proxy for Docker containers using docker-gen', 177],
  ['awkward/nginx', `${html} ${control}`, 3],
  ['awkward/silent', '', 0],
  ['bitnami/redis', 'Bitnami Secure Image for redis', 401, true],
  ['redis/redis-stack', 'redis-stack installs a Redis server with additional database capabilities', 162],
  ['circleci/python', 'Python for CircleCI', 42, true],
  ['bitnami/postgresql', 'Bitnami Secure Image for postgresql', 283, true],
  ['portainer/portainer-ce', 'Portainer CE - a lightweight service delivery platform for containers', 2631],
  ['grafana/grafana', 'The official Grafana docker container', 3466],
]

/** Creates tags of one and the same index. */
function createTags(name: string, tags: readonly string[], architectures: readonly string[], date: Date): Tag[] {
  const images = architectures.map((architecture): TagImage => {
    const key = `${name}:${tags[0]} ${architecture}`
    return {
      ...parsePlatform(architecture),
      os: 'linux',
      digest: fakeDigest(key),
      size: 2_000_000 + (pseudoRandom(key) % 90_000_000),
    }
  })
  const full_size = (images.find(({ architecture }) => architecture === 'amd64') ?? images[0])?.size ?? 0
  const last_updated = date.toISOString()
  return tags.map((tag) => ({
    name: tag,
    full_size,
    last_updated,
    digest: fakeDigest(`${name}:${tags[0]}`),
    images,
  }))
}

/** Parses a platform as the official-images repository writes it: `arm64v8` is Docker's arm64, variant v8. */
function parsePlatform(text: string): Pick<TagImage, 'architecture' | 'variant'> {
  const arm = /^(arm)(?:32|(64))(v\d)$/.exec(text)
  if (arm) return { architecture: `arm${arm[2] ?? ''}`, variant: arm[3] ?? null }
  return { architecture: text === 'i386' ? '386' : text, variant: null }
}

const fakeDigest = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`
const pseudoRandom = (text: string) => createHash('sha256').update(text).digest().readUInt32BE()
const hoursBefore = (date: Date, hours: number) => new Date(date.getTime() - hours * 3_600_000)
