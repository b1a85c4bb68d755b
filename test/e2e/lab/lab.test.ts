// The lab itself: what it promises to the tests and benches that stand on it.

import { existsSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Lab } from '../../lab/lab.js'
import { skipUnless } from '../../lab/skip.js'

const group = '224.0.67.68'

// Counts datagrams; a line on stdin asks how many, once no more of them are on their way.
const listen = `
const socket = require('node:dgram').createSocket({ type: 'udp4', reuseAddr: true })
let heard = 0
socket.on('message', () => { heard++ })
socket.bind(7300, '${group}', () => {
  socket.addMembership('${group}', process.argv[1])
  console.log('ready')
})
const quiet = before => heard === before
  ? (console.log(heard), process.exit(0))
  : setTimeout(quiet, 150, heard)
process.stdin.once('data', () => quiet(-1))`

const blast = `
const socket = require('node:dgram').createSocket('udp4')
const one = count => count === 0 ? socket.close()
  : socket.send(Buffer.alloc(1400), 7300, '${group}', () => one(count - 1))
one(300)`

skipUnless(Lab.available())('the namespaces lab', () => {
  let lab: Lab

  beforeAll(async () => {
    lab = await Lab.up({ hosts: 3, rate: '100mbit', noOffload: true })
  })

  afterAll(async () => {
    await lab.down()
    expect(existsSync(`/run/netns/${lab.prefix}-0`)).toBe(false)
  })

  /** Sends 300 datagrams from host 0; resolves with how many each receiver heard. */
  async function heardBy(hosts: number[]): Promise<number[]> {
    const listeners = hosts.map(host =>
      lab.exec(host, [process.execPath, '-e', listen, lab.addressOf(host)], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
    )
    await Promise.all(listeners.map(child => nextLine(child.stdout!)))
    await lab.run(0, [process.execPath, '-e', blast])
    return Promise.all(
      listeners.map(async child => {
        child.stdin!.write('end\n')
        return Number(await nextLine(child.stdout!))
      }),
    )
  }

  it('carries multicast to every host and counts its bytes', async () => {
    const before = (await lab.stats())[0]
    expect(await heardBy([1, 2])).toEqual([300, 300])
    const after = (await lab.stats())[0]
    expect(after.txPackets - before.txPackets).toBeGreaterThanOrEqual(300)
    expect(after.txBytes - before.txBytes).toBeGreaterThanOrEqual(300 * 1442)
    expect(after.address).toBe(lab.addressOf(0))
  })

  it('loses what it is told to lose, where it is told to', async () => {
    await lab.loss(100, 1)
    await lab.loss(50, 2)
    const [deaf, half] = await heardBy([1, 2])
    expect(deaf).toBe(0)
    expect(half).toBeGreaterThan(60)
    expect(half).toBeLessThan(240)
    await lab.loss(0)
    expect((await lab.stats())[1].lossDrops).toBe(0)
    expect(await heardBy([1])).toEqual([300])
  })

  it('pulls a cable and plugs it in again', async () => {
    const carrier = async () => (await lab.run(2, ['cat', '/sys/class/net/eth0/carrier'])).trim()
    await lab.cut(2)
    expect(await carrier()).toBe('0')
    await lab.plug(2)
    expect(await carrier()).toBe('1')
  })

  it('refuses nonsense with one line and leaves nothing behind', async () => {
    await expect(Lab.up({ hosts: 2, rate: '9 apples' })).rejects.toThrow(/no rate/)
    await expect(lab.loss(101)).rejects.toThrow(/more than everything/)
  })
})

function nextLine(stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const onData = (bytes: Buffer) => {
      text += bytes
      if (!text.includes('\n')) return
      stream.off('data', onData)
      resolve(text.split('\n')[0])
    }
    stream.on('data', onData)
    stream.once('end', () => reject(new Error(`ended after "${text}"`)))
  })
}
