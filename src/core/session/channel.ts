// A group and port that data of a session comes on, as its transmitter announces it.

export interface Channel {
  readonly group: string
  readonly port: number
}

export function channelKey(channel: Channel): string {
  return `${channel.group}|${channel.port}`
}
