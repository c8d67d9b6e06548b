package import FlotillaPlatform
import FoundationEssentials
import Glibc

/// A folder with private servers: their data, sockets, logs and secrets. Two homes share nothing.
package struct Home: Sendable, Hashable {
    /// What the person named, as an absolute path.
    package let path: String
    /// Where the data is: `path`, unless the servers' users can't reach it.
    package let base: String
    /// The ordinary user to whom a home belongs that root works in; nil when root made it, or we aren't root.
    let owner: UserIdentity?

    /// `FLOTILLA_HOME`, or `.flotilla` in the current folder.
    package init(environment: [String: String], currentFolder: String) {
        let name = environment["FLOTILLA_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? ".flotilla"
        self.init(path: name.hasPrefix("/") ? name : currentFolder + "/" + name)
    }

    package init(path: String) {
        let path = Self.normalised(path)
        self.path = path
        guard UserIdentity.isRoot else {
            (base, owner) = (path, nil)
            return
        }
        if let user = PrivateFile.owner(of: path), user != 0, let identity = UserIdentity(id: user) {
            (base, owner) = (path, identity)
            return
        }
        let users = ServiceName.allCases.compactMap { UserIdentity(named: $0.systemUser) }
        let isReachable = users.allSatisfy { user in
            Self.folders(above: path).allSatisfy { PrivateFile.isPassable($0, for: user) }
        }
        (base, owner) = (isReachable ? path : "/var/lib/flotilla/\(Self.key(of: path))", nil)
    }

    /// Whether the data had to go elsewhere than into the home.
    package var isElsewhere: Bool { base != path }

    var control: String { base + "/control" }
    package var logs: String { base + "/logs" }

    func folder(of service: ServiceName) -> String { "\(base)/\(service.rawValue)" }

    /// Whom a server runs as: nobody else when we are an ordinary user, never root.
    func account(for service: ServiceName) throws -> UserIdentity? {
        guard UserIdentity.isRoot else { return nil }
        if let owner { return owner }
        guard let user = UserIdentity(named: service.systemUser) else {
            throw ServiceError(
                service,
                "\(service.title) must not run as root, and there is no user “\(service.systemUser)”",
                remedy: "run ops/setup.sh"
            )
        }
        return user
    }

    /// Makes the folders that all services share.
    package func prepare() throws(ServiceError) {
        do throws(SystemError) {
            // Passable for the servers' users when root runs them; what matters inside has modes of its own.
            let mode: UInt32 = UserIdentity.isRoot && owner == nil ? 0o711 : 0o700
            try PrivateFile.makeFolder(path, mode: mode, owner: owner)
            if isElsewhere { try PrivateFile.makeFolder(base, mode: mode) }
            try PrivateFile.makeFolder(control, owner: owner)
            try PrivateFile.makeFolder(logs, owner: owner)
        } catch {
            throw ServiceError(nil, "\(error)", remedy: "choose another folder with FLOTILLA_HOME")
        }
    }

    /// Makes sure that the home has only one supervisor; nil when there is one already.
    package func lockSession() throws -> FileLock? {
        try prepare()
        return try FileLock.take(control + "/up.lock")
    }

    /// The folder for a service's socket: in the home, or a short one elsewhere when the path would be too long.
    func socketFolder(for service: ServiceName, socket: String) -> String {
        let inside = folder(of: service) + "/run"
        if "\(inside)/\(socket)".utf8.count <= Endpoint.longestSocketPath { return inside }
        return "\(Self.shortFolder)/flotilla-\(Self.key(of: base))-\(service.rawValue)"
    }

    private static var shortFolder: String {
        if UserIdentity.isRoot { return "/run" }
        let own = "/run/user/\(getuid())"
        return FileManager.default.fileExists(atPath: own) ? own : "/tmp"
    }

    /// 16 hexadecimal digits that stand for a path (FNV-1a).
    static func key(of path: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in path.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Every folder on the way to the path, without the path itself.
    static func folders(above path: String) -> [String] {
        var folders: [String] = []
        var next = PrivateFile.parent(of: path)
        while let folder = next {
            if FileManager.default.fileExists(atPath: folder) { folders.append(folder) }
            next = PrivateFile.parent(of: folder)
        }
        return folders
    }

    /// Without `.`, `..`, doubled and trailing slashes.
    static func normalised(_ path: String) -> String {
        var parts: [Substring] = []
        for part in path.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}
