export function killCommand(pid: number, platform: string = process.platform): string {
  return platform === "win32" ? `taskkill /PID ${pid} /F` : `kill -9 ${pid}`;
}

export function hungHubHint(pid: number, platform: string = process.platform): string {
  const command = killCommand(pid, platform);
  // Windows has no command to resume a process.
  if (platform === "win32") return `Kill it: ${command}.`;
  return `If it is suspended, resume it (fg in its terminal, or kill -CONT ${pid}); otherwise kill it: ${command}.`;
}
