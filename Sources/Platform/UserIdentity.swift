import CFlotillaLinux
import Glibc

/// The user a process runs as.
package struct UserIdentity: Sendable, Hashable {
    package let name: String
    package let user: UInt32
    package let group: UInt32

    /// Nil when this machine has no such user.
    package init?(named name: String) {
        var user: uid_t = 0
        var group: gid_t = 0
        guard unsafe fleet_user_by_name(name, &user, &group) == 0 else { return nil }
        (self.name, self.user, self.group) = (name, user, group)
    }

    /// Nil when this machine has no such user.
    package init?(id: UInt32) {
        guard let entry = unsafe getpwuid(id) else { return nil }
        name = unsafe String(cString: entry.pointee.pw_name)
        (user, group) = unsafe (entry.pointee.pw_uid, entry.pointee.pw_gid)
    }

    /// Whether this process is root, and so may become anybody.
    package static var isRoot: Bool { geteuid() == 0 }
}
