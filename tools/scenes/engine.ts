/** Scenes of the page without an engine: the next step fits the kind of the engine. */
import type { Scene } from './scene.ts'

const sockets = {
  rootless: '/run/user/4321/docker.sock',
  podman: '/run/user/4321/podman/podman.sock',
  desktop: '/home/ada/.docker/desktop/docker.sock',
  colima: '/home/ada/.colima/work/docker.sock',
  rancher: '/home/ada/.rd/docker.sock',
  unknown: '/nowhere/docker.sock',
}

export const engineScenes: readonly Scene[] = Object.entries(sockets).map(([kind, socket]) => ({
  name: `no-engine-${kind}`,
  socket,
  async show() {},
}))
