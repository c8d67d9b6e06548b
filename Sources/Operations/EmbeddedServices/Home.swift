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

    /// Whether it was found where somebody else has made it: nothing in it is believed.
    package let isForeign: Bool

    private static let standardName = ".flotilla"

    /// `FLOTILLA_HOME`, or `.flotilla` in the current folder, or in the nearest folder above that has one.
    ///
    /// Only one that is the user's own counts, for what it holds is trusted; for root, also the current folder's owner's.
    /// One of somebody else in the current folder is ``isForeign``.
    package init(environment: [String: String], currentFolder: String) {
        if let name = environment["FLOTILLA_HOME"], !name.isEmpty {
            self.init(path: name.hasPrefix("/") ? name : currentFolder + "/" + name)
        } else {
            let user = geteuid()
            let trusted = Set([user, user == 0 ? PrivateFile.owner(ofFolder: currentFolder) : nil].compactMap(\.self))
            let folders = [currentFolder] + Self.folders(above: currentFolder)
            let found = folders.first { Self.isHome("\($0)/\(Self.standardName)", of: trusted) }
            let path = "\(found ?? currentFolder)/\(Self.standardName)"
            let hasOwn = PrivateFile.owner(ofFolder: path).map(trusted.contains) ?? !Self.exists(path)
            self.init(path: path, isForeign: !hasOwn || found == nil && Self.exists(path + "/control"))
        }
    }

    /// Whether both folders are there, made by the same one of the users; a link may lead into what others made.
    private static func isHome(_ path: String, of users: Set<UInt32>) -> Bool {
        guard let owner = PrivateFile.owner(ofFolder: path), users.contains(owner) else { return false }
        return PrivateFile.owner(ofFolder: path + "/control") == owner
    }

    /// Whether the name is taken, be it by a link that leads nowhere.
    private static func exists(_ path: String) -> Bool {
        (try? FileManager.default.attributesOfItem(atPath: path)) != nil
    }

    /// Whether anything was ever kept in it.
    package var exists: Bool { FileManager.default.fileExists(atPath: control) }

    /// Where the queue file of the fleet is that was last run here by `flotilla up`.
    var queuesFile: String { control + "/queues-file" }

    /// The probes of the processes that `flotilla up` runs here, as the setting writes them.
    private var probesFile: String { control + "/probes" }

    /// Whether a `flotilla up` runs here.
    var isInSession: Bool { FileLock.isHeld(control + "/up.lock") }

    /// Nil while no `flotilla up` runs here.
    var probes: String? {
        guard isInSession else { return nil }
        return PrivateFile.read(probesFile)?.split(separator: "\n").first.map(String.init)
    }

    /// For other commands in this home, while the session lasts.
    package func record(probes: ProbeList, queuesFile path: String) throws(SystemError) {
        try PrivateFile.write(probes.text + "\n", to: probesFile, owner: owner)
        let folder = FileManager.default.currentDirectoryPath
        try PrivateFile.write(path.hasPrefix("/") ? path : "\(folder)/\(path)", to: queuesFile, owner: owner)
    }

    /// The probes that were last recorded; their ports are taken again where they are free.
    package var lastProbes: ProbeList? {
        PrivateFile.read(probesFile).flatMap { ProbeList(text: $0.filter { $0 != "\n" }) }
    }

    package init(path: String) { self.init(path: path, isForeign: false) }

    private init(path: String, isForeign: Bool) {
        let path = Self.normalised(path)
        self.path = path
        self.isForeign = isForeign
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
        guard !isForeign else {
            throw ServiceError(nil, "\(path) is somebody else's", remedy: "choose another folder with FLOTILLA_HOME")
        }
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
        guard let lock = try FileLock.take(control + "/up.lock") else { return nil }
        if let owner { fchown(lock.descriptor, owner.user, owner.group) }
        return lock
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
