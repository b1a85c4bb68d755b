/** A group and port that data comes on. */
export interface Channel {
  readonly group: string
  readonly port: number
}

export function channelKey(channel: Channel): string {
  return `${channel.group}|${channel.port}`
}
