import FoundationEssentials
import Glibc

/// What /proc says about other processes.
package enum ProcessTable {
    /// The processes that have the file open, as far as this user may look.
    package static func processes(holding path: String) -> [CInt] {
        all().filter { isOpen(path, in: $0) }
    }

    /// Whether the process has the file open.
    package static func isOpen(_ path: String, in process: CInt) -> Bool {
        var wanted = stat()
        guard unsafe stat(path, &wanted) == 0 else { return false }
        let folder = "/proc/\(process)/fd"
        guard let descriptors = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return false }
        return descriptors.contains { descriptor in
            var found = stat()
            guard unsafe stat("\(folder)/\(descriptor)", &found) == 0 else { return false }
            return found.st_ino == wanted.st_ino && found.st_dev == wanted.st_dev
        }
    }

    /// Every process id.
    package static func all() -> [CInt] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { CInt($0) }
    }

    /// Whether the process exists and is more than a zombie.
    package static func isAlive(_ process: CInt) -> Bool {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
        // The state follows the name, which is in parentheses and may hold any character.
        guard let end = text.lastIndex(of: ")") else { return false }
        let state = text[end...].dropFirst(2).first
        return state != "Z" && state != "X"
    }

    /// Where the process stands, if this user may know.
    package static func workingDirectory(of process: CInt) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/cwd")
    }
}
