package import FlotillaPlatform
import Workers
import Glibc

private let fileCalls = BlockingCalls(name: "ticket-files", threads: 4)

/// Tickets' files in a folder of this machine, readable by its owner and group.
package struct TicketFolder: TicketFileStore {
    package let folder: String
    package let writesPerCore = 1

    package init(_ folder: String) { self.folder = folder }

    /// Writes on the thread of the caller, which is a renderer's own: as many files at a time as there are renderers.
    package func put(_ bytes: [UInt8], at path: String) async throws {
        do throws(SystemError) {
            try write(bytes, at: path)
        } catch {
            throw DependencyOutage(.ticketFiles, reason: "\(error)")
        }
    }

    private func write(_ bytes: [UInt8], at path: String) throws(SystemError) {
        do throws(SystemError) {
            try PrivateFile.write(bytes, to: "\(folder)/\(path)", mode: 0o640, isDurable: true)
        } catch  where error.code == ENOENT {
            try makeFolder(of: path)
            try PrivateFile.write(bytes, to: "\(folder)/\(path)", mode: 0o640, isDurable: true)
        }
    }

    package func sync(_ paths: [String]) async throws {
        for parent in Set(paths.compactMap { PrivateFile.parent(of: "\(folder)/\($0)") }).sorted() {
            do throws(SystemError) {
                try await fileCalls.run { () throws(SystemError) in try PrivateFile.syncFolder(parent) }
            } catch {
                throw DependencyOutage(.ticketFiles, reason: "\(error)")
            }
        }
    }

    package func get(_ path: String) async throws -> [UInt8]? {
        do throws(SystemError) {
            return try await fileCalls.run { () throws(SystemError) in
                try PrivateFile.bytes(of: "\(folder)/\(path)")
            }
        } catch {
            // A folder that is not there itself says nothing of the file: its volume may be out.
            if error.code == ENOENT, unsafe access(folder, F_OK) == 0 { return nil }
            throw DependencyOutage(.ticketFiles, reason: "\(error)")
        }
    }

    package func remove(_ path: String) async throws {
        guard unsafe unlink("\(folder)/\(path)") == 0 || errno == ENOENT || errno == ENOTDIR else {
            throw SystemError("remove \(folder)/\(path)")
        }
    }

    /// Writes a small file and takes it away again.
    package func isReachable() async -> Bool {
        await fileCalls.run { (try? PrivateFile.makeFolders(folder, mode: 0o750)) != nil && problem() == nil }
    }

    /// Why it takes no files; `nil` when it does. A folder that is not there is not made: it could be, or not.
    package func problem() -> SystemError? {
        let folders = sequence(first: folder) { PrivateFile.parent(of: $0) }
        guard PrivateFile.owner(of: folder) != nil else {
            guard let above = folders.first(where: { PrivateFile.owner(of: $0) != nil }),
                unsafe access(above, W_OK | X_OK) == 0
            else { return SystemError("create \(folder)") }
            return nil
        }
        let probe = "\(folder)/.flotilla-probe"
        do throws(SystemError) {
            try PrivateFile.write(Array("flotilla".utf8), to: probe)
            unsafe unlink(probe)
            return nil
        } catch { return error }
    }

    private func makeFolder(of path: String) throws(SystemError) {
        guard let parent = PrivateFile.parent(of: "\(folder)/\(path)") else { return }
        try PrivateFile.makeFolders(parent, mode: 0o750)
    }
}
