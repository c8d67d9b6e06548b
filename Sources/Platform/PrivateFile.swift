import FoundationEssentials
import Glibc

/// Files and folders that only their owner may read.
package enum PrivateFile {
    /// Makes the folder, and those above it, unless it is there; gives it to `owner` and sets its mode.
    package static func makeFolder(
        _ path: String,
        mode: UInt32 = 0o700,
        owner: UserIdentity? = nil
    ) throws(SystemError) {
        if unsafe mkdir(path, mode) != 0 {
            if errno == ENOENT, let parent = parent(of: path) {
                try makeFolder(parent, mode: 0o755)
                guard unsafe mkdir(path, mode) == 0 || errno == EEXIST else { throw SystemError("create \(path)") }
            } else if errno != EEXIST {
                throw SystemError("create \(path)")
            }
        }
        var found = stat()
        guard unsafe lstat(path, &found) == 0 else { throw SystemError("look at \(path)") }
        guard found.st_mode & S_IFMT == S_IFDIR else { throw SystemError("use \(path) as a folder", code: ENOTDIR) }
        let wanted = owner?.user ?? found.st_uid
        if found.st_uid != wanted {
            guard unsafe lchown(path, wanted, owner?.group ?? found.st_gid) == 0 else {
                throw SystemError("give away \(path)")
            }
        }
        if found.st_mode & 0o7777 != mode, unsafe chmod(path, mode) != 0 {
            throw SystemError("change the mode of \(path)")
        }
    }

    /// Makes those of the folder and the folders above it that are not there; those that are keep their modes.
    package static func makeFolders(_ path: String, mode: UInt32) throws(SystemError) {
        if unsafe mkdir(path, mode) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let parent = parent(of: path) else { throw SystemError("create \(path)") }
        try makeFolders(parent, mode: mode)
        guard unsafe mkdir(path, mode) == 0 || errno == EEXIST else { throw SystemError("create \(path)") }
    }

    /// Writes the file whole or not at all: readers see the old text or the new one.
    package static func write(
        _ text: String,
        to path: String,
        mode: UInt32 = 0o600,
        owner: UserIdentity? = nil
    ) throws(SystemError) {
        try write(Array(text.utf8), to: path, mode: mode, owner: owner)
    }

    /// As ``write(_:to:mode:owner:)``, for bytes.
    ///
    /// - Parameter isDurable: whether the content survives a loss of power once this returns; for the name to do so as
    ///   well, see ``syncFolder(_:)``.
    package static func write(
        _ bytes: [UInt8],
        to path: String,
        mode: UInt32 = 0o600,
        owner: UserIdentity? = nil,
        isDurable: Bool = false
    ) throws(SystemError) {
        let draft = "\(path).\(getpid()).\(UInt32.random(in: 0 ... .max))"
        let descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw SystemError("create \(path)") }
        defer { close(descriptor) }
        do throws(SystemError) {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
                guard count > 0 else { throw SystemError("write \(path)") }
                rest = rest.dropFirst(count)
            }
            if let owner, fchown(descriptor, owner.user, owner.group) != 0 { throw SystemError("give away \(path)") }
            guard fchmod(descriptor, mode) == 0, !isDurable || fsync(descriptor) == 0,
                unsafe rename(draft, path) == 0
            else { throw SystemError("write \(path)") }
        } catch {
            unsafe unlink(draft)
            throw error
        }
    }

    /// Returns once the names of the folder's files survive a loss of power.
    package static func syncFolder(_ path: String) throws(SystemError) {
        let descriptor = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw SystemError("write \(path)") }
    }

    /// The whole file.
    package static func bytes(of path: String) throws(SystemError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open \(path)") }
        defer { close(descriptor) }
        var found = stat()
        guard unsafe fstat(descriptor, &found) == 0 else { throw SystemError("look at \(path)") }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(max(0, Int(found.st_size)))
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            guard count >= 0 else { throw SystemError("read \(path)") }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
    }

    /// Nil when there is no such file, or no right to read it.
    package static func read(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    /// The user who owns the path; nil when there is nothing.
    package static func owner(of path: String) -> UInt32? {
        var found = stat()
        return unsafe stat(path, &found) == 0 ? found.st_uid : nil
    }

    /// The user who owns the folder itself; nil when there is none, or a link in its place.
    package static func owner(ofFolder path: String) -> UInt32? {
        var found = stat()
        guard unsafe lstat(path, &found) == 0, found.st_mode & S_IFMT == S_IFDIR else { return nil }
        return found.st_uid
    }

    /// Bytes that an ordinary user may still write; nil when the path can't be looked at.
    package static func freeSpace(at path: String) -> Int? {
        var volume = statvfs()
        guard unsafe statvfs(path, &volume) == 0 else { return nil }
        return Int(volume.f_bavail) * Int(volume.f_frsize)
    }

    /// Whether a user may pass through the folder, by its mode bits.
    package static func isPassable(_ path: String, for user: UserIdentity) -> Bool {
        var found = stat()
        guard unsafe stat(path, &found) == 0 else { return false }
        let bit: UInt32 = found.st_uid == user.user ? 0o100 : found.st_gid == user.group ? 0o010 : 0o001
        return found.st_mode & bit != 0
    }

    /// The folder that holds the path; nil for the root and for a bare name.
    package static func parent(of path: String) -> String? {
        guard let slash = path.lastIndex(of: "/"), path != "/" else { return nil }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
