/** What none of our programs needs of the system, taken away from every unit but the setup's. */
export const UNIT_HARDENING = `ProtectSystem=strict
PrivateTmp=true
PrivateDevices=true
ProtectClock=true
ProtectControlGroups=true
ProtectHostname=true
ProtectKernelLogs=true
ProtectKernelModules=true
ProtectKernelTunables=true
NoNewPrivileges=true
RestrictSUIDSGID=true
RestrictNamespaces=true
RestrictRealtime=true
LockPersonality=true
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
`;

/**
 * Of the setup, which installs packages, writes units and mounts disks. It has no mount namespace of its own: what it
 * mounts there, the machine would not see. So everything that makes one (ProtectSystem, PrivateTmp, ...) is left out,
 * and RestrictSUIDSGID, because dpkg unpacks setuid programs.
 */
export const SETUP_HARDENING = `NoNewPrivileges=true
LockPersonality=true
RestrictRealtime=true
RestrictNamespaces=true
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=~@clock @cpu-emulation @debug @module @obsolete @raw-io @reboot @swap
SystemCallErrorNumber=EPERM
# Packages and accounts: AUDIT_WRITE to SETUID; AppArmor's profiles: MAC_ADMIN; the guard: NET_ADMIN; disks: SYS_ADMIN
# and, to enlarge one in use, SYS_RESOURCE.
CapabilityBoundingSet=CAP_AUDIT_WRITE CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETFCAP CAP_SETGID CAP_SETUID CAP_MAC_ADMIN CAP_NET_ADMIN CAP_SYS_ADMIN CAP_SYS_RESOURCE
`;
