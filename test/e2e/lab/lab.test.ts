// The lab itself: what it promises to the tests and benches that stand on it.

import { existsSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Lab } from '../../lab/lab.js'
import { skipUnless } from '../../lab/skip.js'

const group = '224.0.67.68'

// Counts datagrams, and those that come again or after a later one; a line on stdin asks how many,
// once no more of them are on their way.
const listen = `
const socket = require('node:dgram').createSocket({ type: 'udp4', reuseAddr: true })
const seen = new Set()
const told = { heard: 0, again: 0, late: 0 }
let highest = -1
socket.on('message', bytes => {
  const number = bytes.readUInt32BE(0)
  told.heard++
  if (seen.has(number)) told.again++
  else if (number < highest) told.late++
  seen.add(number)
  highest = Math.max(highest, number)
})
socket.bind(7300, '${group}', () => {
  socket.addMembership('${group}', process.argv[1])
  console.log('ready')
})
const quiet = before => told.heard === before
  ? (console.log(JSON.stringify(told)), process.exit(0))
  : setTimeout(quiet, 150, told.heard)
process.stdin.once('data', () => quiet(-1))`

const blast = `
const socket = require('node:dgram').createSocket('udp4')
// A listener's buffer holds less than a hundred, and it may be busy: twenty at once, so that they
// leave as close together as the line lets them, however busy this machine is.
const twenty = first => {
  if (first === 300) return socket.close()
  for (let number = first; number < first + 20; number++) {
    const bytes = Buffer.alloc(1400)
    bytes.writeUInt32BE(number)
    socket.send(bytes, 7300, '${group}')
  }
  setTimeout(twenty, 5, first + 20)
}
socket.bind(0, () => twenty(0))`

interface Told {
  readonly heard: number
  readonly again: number
  readonly late: number
}

skipUnless(Lab.available())('the namespaces lab', () => {
  let lab: Lab

  beforeAll(async () => {
    lab = await Lab.up({ hosts: 3, rate: '100mbit', noOffload: true })
  })

  afterAll(async () => {
    await lab.down()
    expect(existsSync(`/run/netns/${lab.prefix}-0`)).toBe(false)
  })

  /** Sends 300 datagrams from host 0; resolves with what each receiver heard of them. */
  async function toldBy(hosts: number[]): Promise<Told[]> {
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
        return JSON.parse(await nextLine(child.stdout!))
      }),
    )
  }

  const heardBy = async (hosts: number[]) => (await toldBy(hosts)).map(({ heard }) => heard)

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

  it('doubles, delays and drops in bursts, at one host', async () => {
    await lab.trouble(1, 'duplicate', 20)
    await lab.trouble(2, 'reorder', 40)
    const [doubled, delayed] = await toldBy([1, 2])
    expect(doubled).toEqual({ heard: 300 + doubled.again, again: expect.any(Number), late: 0 })
    expect(doubled.again).toBeGreaterThan(20)
    expect(delayed.again).toBe(0)
    expect(delayed.late).toBeGreaterThan(20)
    await lab.trouble(1, 'duplicate', 0)
    await lab.trouble(2, 'reorder', 0)
    await lab.trouble(1, 'burst', 5)
    const [hurt, whole] = await heardBy([1, 2])
    expect(whole).toBe(300)
    expect(hurt).toBeGreaterThanOrEqual(250)
    expect(hurt).toBeLessThan(260) // a few other frames may have been among the lost
    await lab.trouble(1, 'burst', 0)
    await lab.trouble(1, 'tcp', 100)
    expect(await heardBy([1])).toEqual([300])
    await expect(reach(1)).rejects.toThrow()
    await lab.trouble(1, 'tcp', 0)
    await reach(1)
  })

  it('gives a host another address and back', async () => {
    const before = lab.addressOf(2)
    await lab.renumber(2)
    expect(lab.addressOf(2)).not.toBe(before)
    await reach(2)
    expect(await heardBy([2])).toEqual([300])
    await lab.renumber(2)
    expect(lab.addressOf(2)).toBe(before)
    expect((await lab.stats())[2].address).toBe(before)
  })

  /** Rejects unless host 0 gets an answer by TCP, be it a refusal, from the address of `host`. */
  async function reach(host: number): Promise<void> {
    const dial = `require('node:net').connect({ host: '${lab.addressOf(host)}', port: 9 })
      .on('error', error => process.exit(error.code === 'ECONNREFUSED' ? 0 : 1))
      .setTimeout(700, () => process.exit(1))`
    await lab.run(0, [process.execPath, '-e', dial])
  }

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
