import FlotillaTestSupport
import Foundation
import Glibc
import Testing

/// Servers that take connections and never say a word, met at the start.
@Suite(.timeLimit(.minutes(5)))
struct SilentServerTests {
    /// Listens, and leaves the rest to the kernel.
    private final class SilentServer {
        let descriptor: CInt
        let port: UInt16

        init() throws {
            let opened = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isListening = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                    bind(opened, generic, length) == 0 && listen(opened, 64) == 0
                        && getsockname(opened, generic, &length) == 0
                }
            }
            guard isListening else { throw TestSetupError(description: "cannot listen") }
            descriptor = opened
            port = UInt16(bigEndian: address.sin_port)
        }

        deinit { close(descriptor) }
    }

    @Test(arguments: ["DATABASE_URL", "RABBITMQ_URL"])
    func `a worker that waits for a silent server at its start ends at SIGTERM, and says so`(name: String) async throws
    {
        let server = try SilentServer()
        let folder = FileManager.default.temporaryDirectory.appending(path: "silent.\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let log = folder.appending(path: "log")
        var environment = [
            "FLOTILLA_HOME": folder.path, "FLOTILLA_QUEUES": Repository.file("queues.yaml").path,
            "DATABASE_URL": "postgresql://u@127.0.0.1:1/none", "RABBITMQ_URL": "amqp://127.0.0.1:1",
        ]
        environment[name] =
            name == "DATABASE_URL" ? "postgresql://u@127.0.0.1:\(server.port)/d" : "amqp://127.0.0.1:\(server.port)"
        let worker = try WorkerProcess(
            program: TestServers.programs.appending(path: "flotilla"),
            arguments: ["worker"],
            environment: environment,
            log: log
        )
        try await eventually("it waits for the server", within: .seconds(60)) {
            var waiting = pollfd(fd: server.descriptor, events: Int16(POLLIN), revents: 0)
            return poll(&waiting, 1, 0) == 1
        }
        worker.send(SIGTERM)
        #expect(try await worker.waitForEnd(within: .seconds(60)) == 0)
        let text = try String(contentsOf: log, encoding: .utf8)
        #expect(text.contains("stopped before the workers were running"), "\(text)")
    }
}
