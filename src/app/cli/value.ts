// One text, one value: how each kind of option is read, wherever its text comes from. A flag, a
// variable and a line of the config file therefore mean the same and fail with the same words.

import { isIpv4, isIpv6, isLocation, isMulticast, parseEndpoint } from '../../core/base/endpoint.js'
import { Mcp2pError } from '../../core/base/errors.js'
import { parseAmount, parseBandwidth, parseSeconds } from './iperf.js'
import type { OptionSpec } from './option-spec.js'
import { printable } from './text.js'
import { formatSeconds, parseRate, parseSize, parseTime } from './units.js'

export type Value = string | number | boolean | readonly string[]

/** Reads `text` as the option's kind says. Throws a usage error that says what to write. */
export function readValue(option: OptionSpec, text: string): Value {
  switch (option.kind) {
    case 'flag':
      return readFlag(text)
    case 'level':
      return /^[0-9]$/.test(text) ? Number(text) : Number(readFlag(text))
    case 'text':
      if (text === '') throw usage('an empty value', `Give ${option.value} or leave it out.`)
      if (text.includes('\0')) throw usage('a value with NUL in it', 'No name can have that.')
      return text
    case 'choice':
      return readChoice(option.choices ?? [], text)
    case 'group':
      return readGroup(text)
    case 'address':
      return readAddress(text)
    case 'redis':
      return readRedis(text)
    case 'location':
      return readLocation(text)
    case 'endpoints':
      return readEndpoints(text)
    case 'integer':
      return readInteger(text, option.min ?? 0, option.max ?? Number.MAX_SAFE_INTEGER)
    case 'rate':
      return readPositive(parseRate(text), text)
    case 'size':
      return readPositive(parseSize(text), text)
    case 'time':
      return readTime(parseTime(text), text, option)
    case 'fec':
      return readFec(text, option.max ?? 0)
    case 'bandwidth':
      return parseBandwidth(text) // 0 has a meaning
    case 'amount':
      return readAmount(parseAmount(text), text, option)
    case 'seconds':
      return readTime(parseSeconds(text) ?? parseTime(text), text, option)
  }
}

const YES = ['1', 'true', 'yes', 'on']
const NO = ['', '0', 'false', 'no', 'off']

function readFlag(text: string): boolean {
  if (YES.includes(text.toLowerCase())) return true
  if (NO.includes(text.toLowerCase())) return false
  throw usage(`"${printable(text)}" is neither true nor false`, 'Write 1 or 0.')
}

function readChoice(choices: readonly string[], text: string): string {
  if (choices.includes(text)) return text
  throw usage(`"${printable(text)}" is not a choice`, `Write one of: ${choices.join(', ')}.`)
}

/** Several are one text with blanks between; who can use one only says so. */
function readGroup(text: string): string {
  const groups = text.split(/[\s,]+/).filter(part => part !== '')
  const wrong = groups.find(group => !isMulticast(group))
  if (groups.length > 0 && wrong === undefined) return groups.join(' ')
  throw usage(
    `"${printable(wrong ?? text)}" is not a multicast address`,
    'Write an address from 224.0.0.0 to 239.255.255.255, or an IPv6 one that begins with ff.',
  )
}

function readAddress(text: string): string {
  if (isIpv4(text) || isIpv6(text)) return text
  throw usage(`"${printable(text)}" is not an IP address`, 'Write 127.0.0.1 or ::1, for example.')
}

/** It may have a password in it, so it is not repeated. */
function readRedis(text: string): string {
  if (/^rediss?:\/\//.test(text) && URL.canParse(text)) return text
  throw usage('this is no URL of a Redis', 'Write redis://10.0.0.1:6379, for example.')
}

function readLocation(text: string): string {
  if (isLocation(text)) return text
  throw usage(
    `"${printable(text)}" is not a location`,
    'Write names from the widest to the narrowest place, for example dc1/rack7.',
  )
}

/** Several in one text are separated by commas or blanks, as a variable has them. */
function readEndpoints(text: string): readonly string[] {
  const parts = text.split(/[\s,]+/).filter(part => part !== '')
  if (parts.length === 0) throw usage('an empty value', 'Give host:port or leave it out.')
  for (const part of parts) {
    if (parseEndpoint(part) === undefined) {
      throw usage(
        `"${printable(part)}" is not a host and port`,
        'Write host:port, for example 10.0.0.1:9990 or [fe80::1%eth0]:9990.',
      )
    }
  }
  return parts
}

function readInteger(text: string, min: number, max: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= min && value <= max) return value
  throw usage(`"${printable(text)}" is out of range`, `Write a whole number from ${min} to ${max}.`)
}

function readPositive(value: number, text: string): number {
  if (value > 0) return value
  throw usage(`"${printable(text)}" is nothing`, 'Write a value above zero, or leave it out.')
}

function readAmount(bytes: number, text: string, { min = 1, max = Infinity }: OptionSpec): number {
  if (bytes >= min && bytes <= max) return bytes
  const most = max === Infinity ? '' : ` to ${max}`
  throw usage(`"${printable(text)}" is out of range`, `Write a number of bytes from ${min}${most}.`)
}

function readTime(millis: number, text: string, { min = 0, max }: OptionSpec): number {
  if (millis >= min && millis <= (max ?? Number.POSITIVE_INFINITY)) return millis
  const most = max === undefined ? '' : ` to ${formatSeconds(max / 1000)}`
  throw usage(`"${printable(text)}" is out of range`, `Write a time from ${min}ms${most}.`)
}

function readFec(text: string, max: number): 'auto' | number {
  if (text === 'auto') return 'auto'
  if (text === 'off') return 0
  const percent = /^\d+(\.\d+)?%$/.test(text) ? Number.parseFloat(text) : Number.NaN
  if (percent <= max) return percent
  throw usage(`"${printable(text)}" is no such share`, `Write auto, off, or 1% to ${max}%.`)
}

function usage(message: string, hint: string): Mcp2pError {
  return new Mcp2pError('USAGE', 'usage', message, hint)
}
