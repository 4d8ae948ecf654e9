package main

// syslogHead appends the beginning of a line in RFC 3164 syslog format, as in
// /var/log/auth.log, which the auth and kernel services use. It omits pid if
// that is 0.

func (s *story) syslogHead(b []byte, program string, svc service, f *flow, pid int) []byte {
	b = append(b, s.now.sys...)
	b = append(b, ' ')
	b = append(b, s.hosts[svc][f.inst[svc]]...)
	b = append(b, ' ')
	b = append(b, program...)
	if pid > 0 {
		b = append(b, '[')
		b = appendInt(b, pid)
		b = append(b, ']')
	}
	return append(b, ": "...)
}

// peer appends the address of the client of an ssh connection.
func peer(b []byte, f *flow) []byte {
	b = appendIP(b, f.ip)
	b = append(b, " port "...)
	return appendInt(b, f.port)
}

func (s *story) sshAccepted(b []byte, f *flow) []byte {
	r := s.r
	b = s.syslogHead(b, "sshd", svcAuth, f, f.pid)
	if r.oneIn(4) {
		b = append(b, "Accepted password for "...)
		b = r.appendLogin(b, f.user)
		b = append(b, " from "...)
		b = peer(b, f)
		return append(b, " ssh2"...)
	}
	b = append(b, "Accepted publickey for "...)
	b = r.appendLogin(b, f.user)
	b = append(b, " from "...)
	b = peer(b, f)
	b = append(b, " ssh2: ED25519 SHA256:"...)
	return r.appendBase64(b, 43)
}

func (s *story) sshOpened(b []byte, f *flow) []byte {
	b = s.syslogHead(b, "sshd", svcAuth, f, f.pid)
	b = append(b, "pam_unix(sshd:session): session opened for user "...)
	b = s.r.appendLogin(b, f.user)
	b = append(b, "(uid="...)
	b = appendInt(b, 1000+f.user%9000)
	return append(b, ") by (uid=0)"...)
}

func (s *story) logindNew(b []byte, f *flow) []byte {
	b = s.syslogHead(b, "systemd-logind", svcAuth, f, 600+f.inst[svcAuth]%200)
	b = append(b, "New session "...)
	b = appendInt(b, f.order)
	b = append(b, " of user "...)
	b = s.r.appendLogin(b, f.user)
	return append(b, '.')
}

func (s *story) sshDisconnect(b []byte, f *flow) []byte {
	b = s.syslogHead(b, "sshd", svcAuth, f, f.pid)
	b = append(b, "Received disconnect from "...)
	b = peer(b, f)
	return append(b, ":11: disconnected by user"...)
}

func (s *story) sshClosed(b []byte, f *flow) []byte {
	b = s.syslogHead(b, "sshd", svcAuth, f, f.pid)
	b = append(b, "pam_unix(sshd:session): session closed for user "...)
	return s.r.appendLogin(b, f.user)
}

func (s *story) sshInvalid(b []byte, f *flow) []byte {
	b = s.syslogHead(b, "sshd", svcAuth, f, f.pid)
	b = append(b, "Invalid user "...)
	b = append(b, s.guess(f)...)
	b = append(b, " from "...)
	return peer(b, f)
}

func (s *story) sshFailed(b []byte, f *flow) []byte {
	b = s.syslogHead(b, "sshd", svcAuth, f, f.pid)
	if s.r.oneIn(8) {
		s.bad = true
		b = append(b, "error: maximum authentication attempts exceeded for invalid user "...)
		b = append(b, s.guess(f)...)
		b = append(b, " from "...)
		b = peer(b, f)
		return append(b, " ssh2 [preauth]"...)
	}
	b = append(b, "Failed password for invalid user "...)
	b = append(b, s.guess(f)...)
	b = append(b, " from "...)
	b = peer(b, f)
	return append(b, " ssh2"...)
}

func (s *story) sshGone(b []byte, f *flow) []byte {
	b = s.syslogHead(b, "sshd", svcAuth, f, f.pid)
	switch s.r.n(3) {
	case 0:
		b = append(b, "Connection closed by invalid user "...)
		b = append(b, s.guess(f)...)
		b = append(b, ' ')
		b = peer(b, f)
		return append(b, " [preauth]"...)
	case 1:
		b = append(b, "Disconnected from authenticating user root "...)
		b = peer(b, f)
		return append(b, " [preauth]"...)
	}
	b = append(b, "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost="...)
	return appendIP(b, f.ip)
}

// guess returns the account that an attacker tries, the same within one flow.
func (s *story) guess(f *flow) string {
	if s.plant() {
		return "zebrafish"
	}
	return guesses[f.order%len(guesses)]
}

func (s *story) sudoCommand(b []byte, f *flow) []byte {
	b = s.syslogHead(b, "sudo", svcAuth, f, 0)
	b = s.r.appendLogin(b, f.user)
	b = append(b, " : TTY=pts/"...)
	b = appendInt(b, f.pid%12)
	b = append(b, " ; PWD=/home/"...)
	b = s.r.appendLogin(b, f.user)
	b = append(b, " ; USER=root ; COMMAND="...)
	b = append(b, commands[f.order%len(commands)]...)
	return b
}

func (s *story) sudoOpened(b []byte, f *flow) []byte {
	b = s.syslogHead(b, "sudo", svcAuth, f, 0)
	b = append(b, "pam_unix(sudo:session): session opened for user root(uid=0) by "...)
	b = s.r.appendLogin(b, f.user)
	b = append(b, "(uid="...)
	b = appendInt(b, 1000+f.user%9000)
	return append(b, ')')
}

func (s *story) sudoClosed(b []byte, f *flow) []byte {
	b = s.syslogHead(b, "sudo", svcAuth, f, 0)
	return append(b, "pam_unix(sudo:session): session closed for user root"...)
}

func (s *story) cronOpened(b []byte, f *flow) []byte {
	b = s.syslogHead(b, "CRON", svcAuth, f, f.pid)
	b = append(b, "pam_unix(cron:session): session opened for user "...)
	b = append(b, cronUsers[f.order%len(cronUsers)]...)
	return append(b, "(uid=0) by (uid=0)"...)
}

func (s *story) cronClosed(b []byte, f *flow) []byte {
	b = s.syslogHead(b, "CRON", svcAuth, f, f.pid)
	b = append(b, "pam_unix(cron:session): session closed for user "...)
	return append(b, cronUsers[f.order%len(cronUsers)]...)
}

var (
	guesses = []string{
		"admin", "test", "oracle", "ubuntu", "postgres", "git", "user", "guest", "pi", "ftp", "minecraft",
		"jenkins", "hadoop", "www", "mysql", "nagios", "deploy", "support", "backup", "tomcat",
	}
	commands = []string{
		"/usr/bin/systemctl restart api", "/usr/bin/journalctl -u worker -n 200", "/usr/bin/apt-get update",
		"/usr/bin/tail -f /var/log/syslog", "/usr/sbin/nginx -t", "/usr/sbin/nginx -s reload", "/bin/cat /etc/shadow",
		"/usr/bin/docker ps", "/usr/sbin/tcpdump -i eth0 port 5432", "/usr/bin/du -sh /var/log",
	}
	cronUsers = []string{"root", "root", "root", "www-data", "postgres", "backup"}
)
