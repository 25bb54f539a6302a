export type Executable = "c2d-device" | "c2d-send" | "c2d-hub";

export interface Setting {
  /** In commander's syntax; absent if only a variable sets it. */
  readonly flag?: string;
  readonly flagOn?: readonly Executable[];
  readonly variable?: string;
  readonly default?: string;
  /** Never printed, not even in an error. */
  readonly isSecret: boolean;
  readonly help: string;
  /** The value in `.env.example`, active only for `local`; absent without a variable. */
  readonly example?: string;
  /** For help and completion; the loader enforces them. */
  readonly choices?: readonly string[];
}

export const AUTH_TYPES = ["key", "login"] as const;
export const DEVICE_TRANSPORTS = ["mqtt", "mqtt-ws", "amqp", "amqp-ws", "http"] as const;
export const SERVICE_TRANSPORTS = ["amqp", "amqp-ws"] as const;

export const DEFAULT_LOCAL_DEVICE_ID = "device1";

const SERVICE_SIDE = ["c2d-send", "c2d-hub"] as const;
const DEVICE_SIDE = ["c2d-device"] as const;
const EVERY_SIDE = ["c2d-device", "c2d-send", "c2d-hub"] as const;

const SETTINGS = {
  local: {
    flag: "--local",
    flagOn: EVERY_SIDE,
    variable: "C2D_LOCAL",
    isSecret: false,
    help: "use the local hub, started in the background if it is not running",
    example: "1",
  },
  home: {
    variable: "C2D_HOME",
    isSecret: false,
    help: "directory of the local hub (default: c2d-hub in the user's data directory)",
    example: "/home/me/.local/share/c2d-hub",
  },
  hubConnectionString: {
    flag: "-l, --login <cs>",
    flagOn: SERVICE_SIDE,
    variable: "IOTHUB_CONNECTION_STRING",
    isSecret: true,
    help: "hub (service) connection string",
    example: '"HostName=<hub>.azure-devices.net;SharedAccessKeyName=service;SharedAccessKey=<key>"',
  },
  authType: {
    flag: "--auth-type <how>",
    flagOn: SERVICE_SIDE,
    default: "key",
    isSecret: false,
    help: "authenticate with the connection string's key, or with a Microsoft Entra ID login",
    choices: AUTH_TYPES,
  },
  hubName: {
    flag: "--hub-name <host>",
    flagOn: SERVICE_SIDE,
    isSecret: false,
    help: "host name of the hub, for --auth-type login",
  },
  eventHubConnectionString: {
    flag: "--event-hub <cs>",
    flagOn: ["c2d-hub"],
    variable: "EVENTHUB_CONNECTION_STRING",
    isSecret: true,
    help: "connection string of the hub's Event Hubs-compatible endpoint, for monitor-events",
    example:
      '"Endpoint=sb://<namespace>.servicebus.windows.net/;SharedAccessKeyName=service;SharedAccessKey=<key>;EntityPath=<name>"',
  },
  deviceConnectionString: {
    flag: "--connection-string <cs>",
    flagOn: DEVICE_SIDE,
    variable: "IOTHUB_DEVICE_CONNECTION_STRING",
    isSecret: true,
    help: "device connection string",
    example: '"HostName=<hub>.azure-devices.net;DeviceId=<device>;SharedAccessKey=<key>"',
  },
  deviceId: {
    flag: "-d, --device-id <id>",
    flagOn: EVERY_SIDE,
    variable: "IOTHUB_DEVICE_ID",
    isSecret: false,
    help: "device id; device1 by default with --local",
    example: "device1",
  },
  sasToken: {
    flag: "--sas-token <token>",
    flagOn: DEVICE_SIDE,
    variable: "IOTHUB_SAS",
    isSecret: true,
    help: "SAS token of the device, instead of its connection string",
    example: '"SharedAccessSignature sr=<hub>%2Fdevices%2F<device>&sig=<signature>&se=<expiry>"',
  },
  certFile: {
    flag: "--cert-file <file>",
    flagOn: DEVICE_SIDE,
    variable: "PATH_TO_CERTIFICATE_FILE",
    isSecret: false,
    help: "certificate (PEM) of an X.509 device; its connection string has x509=true",
    example: "./device.crt.pem",
  },
  keyFile: {
    flag: "--key-file <file>",
    flagOn: DEVICE_SIDE,
    variable: "PATH_TO_KEY_FILE",
    isSecret: false,
    help: "private key (PEM) of an X.509 device",
    example: "./device.key.pem",
  },
  passphrase: {
    flag: "--passphrase <text>",
    flagOn: DEVICE_SIDE,
    variable: "KEY_PASSPHRASE_OR_EMPTY",
    isSecret: true,
    help: "passphrase of the private key",
    example: "",
  },
  caFile: {
    flag: "--ca <file>",
    flagOn: EVERY_SIDE,
    variable: "IOTHUB_CA_FILE",
    isSecret: false,
    help: "extra CA certificate (PEM) to trust",
    example: "./ca.pem",
  },
  deviceTransport: {
    flag: "--transport <t>",
    flagOn: DEVICE_SIDE,
    variable: "IOTHUB_DEVICE_TRANSPORT",
    default: "mqtt",
    isSecret: false,
    help: "device transport; mqtt-ws, amqp-ws and http use port 443, http polls",
    choices: DEVICE_TRANSPORTS,
    example: "mqtt",
  },
  serviceTransport: {
    flag: "--transport <t>",
    flagOn: SERVICE_SIDE,
    variable: "IOTHUB_SERVICE_TRANSPORT",
    default: "amqp",
    isSecret: false,
    help: "service transport; amqp-ws uses port 443",
    choices: SERVICE_TRANSPORTS,
    example: "amqp",
  },
} as const satisfies Record<string, Setting>;

export type SettingKey = keyof typeof SETTINGS;

export const SETTING_KEYS = Object.keys(SETTINGS) as SettingKey[];

export function settingOf(key: SettingKey): Setting {
  return SETTINGS[key];
}

/** `--login` of `-l, --login <cs>`. */
export function longFlag(key: SettingKey): string | undefined {
  return settingOf(key).flag?.match(/--[a-z-]+/)?.[0];
}
