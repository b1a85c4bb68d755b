// The manager's figures for Prometheus. They are read from the service when somebody looks, so they
// cost nothing while nobody does.

import { Counter, Gauge, Registry } from 'prom-client'
import type { Service } from './service.js'

type Read = (service: Service) => number

const GAUGES: readonly (readonly [name: string, help: string, read: Read])[] = [
  ['peers', 'Peers that are registered', ({ registry }) => registry.peers],
  ['swarms', 'Swarms that have peers', ({ registry }) => registry.swarms],
  ['watchers', 'Peers that wait for newcomers', ({ registry }) => registry.watchers],
  ['connections', 'Connections that are open', ({ connections }) => connections],
  ['metas', 'Metas that are kept', ({ metas }) => metas.count],
  ['store_up', 'Whether the store answers', ({ store }) => Number(store.isUp)],
  ['resident_memory_bytes', 'Memory of the process', () => process.memoryUsage.rss()],
]

const COUNTERS: readonly (readonly [name: string, help: string, read: Read])[] = [
  ['requests_total', 'Requests that were answered', ({ counts }) => counts.requests],
  ['errors_total', 'Requests that were answered with an error', ({ counts }) => counts.errors],
  ['knocks_total', 'Addresses that were asked to prove themselves', ({ counts }) => counts.knocks],
]

const registers = new WeakMap<Service, Registry>()

/** In the text format, and its type. */
export async function metricsOf(service: Service): Promise<{ type: string; text: string }> {
  const register = registers.get(service) ?? registerOf(service)
  registers.set(service, register)
  return { type: register.contentType, text: await register.metrics() }
}

function registerOf(service: Service): Registry {
  const register = new Registry()
  const registers = [register]
  for (const [name, help, read] of GAUGES)
    new Gauge({
      name: `mcp2p_manager_${name}`,
      help,
      registers,
      collect() {
        this.set(read(service))
      },
    })
  for (const [name, help, read] of COUNTERS)
    new Counter({
      name: `mcp2p_manager_${name}`,
      help,
      registers,
      collect() {
        this.reset()
        this.inc(read(service))
      },
    })
  return register
}
