import FlotillaMessaging
import FlotillaModels
import Foundation
import Testing

/// AMQP over TLS, with certificates made for the occasion; a terminator in front of the broker speaks TLS.
@Suite(.enabled(if: RabbitMQEnvironment.configuration != nil))
struct RabbitMQTLSTests {
    private let configuration: RabbitMQConfiguration

    init() throws { configuration = try #require(RabbitMQEnvironment.configuration) }

    /// The broker's address through TLS, for the length of `body`.
    private func withTLS(
        name: String,
        _ body: (_ secure: RabbitMQConfiguration, _ folder: URL) async throws -> Void
    ) async throws {
        let folder = URL(filePath: NSTemporaryDirectory()).appending(
            path: "tls.\(UUID().uuidString.prefix(8))"
        )
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(Self.script.utf8).write(to: folder.appending(path: "terminate.py"))
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "python3", folder.appending(path: "terminate.py").path, folder.path, "\(configuration.port)",
            name,
        ]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        // The terminator ends when this pipe does, however the test ends.
        let life = Pipe()
        process.standardInput = life
        try process.run()
        defer { try? life.fileHandleForWriting.close() }
        let portFile = folder.appending(path: "port")
        try await eventually { FileManager.default.fileExists(atPath: portFile.path) }
        var secure = configuration
        secure.host = "localhost"
        secure.port = Int(try String(contentsOf: portFile, encoding: .utf8)) ?? 0
        secure.tls = RabbitMQConfiguration.TLS()
        secure.tls?.authorities = folder.appending(path: "ca.pem").path
        try await body(secure, folder)
    }

    @Test func `a verified broker is spoken to, in small and in large`() async throws {
        try await withTLS(name: "localhost") { secure, _ in
            let subject = Subject.rabbitMQ(secure)
            try await subject.withQueue { queue in
                let publisher = try await subject.broker.publisher(named: "test")
                let messages =
                    (0..<2_000).map { OutgoingMessage(to: queue, "\($0)") }
                    + [
                        OutgoingMessage(
                            exchange: "",
                            routingKey: queue,
                            message: Message(body: Array(repeating: 5, count: 3_000_000))
                        )
                    ]
                #expect(await publisher.publish(messages).allSatisfy { $0.isConfirmed })
                let consumer = try await subject.broker.consumer(
                    named: "test",
                    of: [Subscription(queue: queue, prefetch: 3_000)]
                )
                let log = EventLog(consumer, settling: .acknowledge)
                _ = try await log.first(2_001)
                #expect(await log.bodies == (0..<2_000).map(String.init) + ["3000000 bytes"])
                await consumer.close()
                #expect(try await subject.broker.depth(of: queue)?.ready == 0)
                await publisher.close()
            }
        }
    }

    @Test func `a certificate for another host is refused`() async throws {
        try await withTLS(name: "elsewhere.example") { secure, _ in
            let error = await #expect(throws: AMQPError.self) { try await RabbitMQAdmin.open(secure) }
            #expect(error?.isRetriable == false)
        }
    }

    @Test func `a certificate of an unknown authority is refused`() async throws {
        try await withTLS(name: "localhost") { secure, _ in
            var other = secure
            other.tls = RabbitMQConfiguration.TLS()
            let error = await #expect(throws: AMQPError.self) { try await RabbitMQAdmin.open(other) }
            #expect(error?.isRetriable == false)
        }
    }

    /// Makes an authority and a certificate with openssl, then forwards what comes by TLS to the broker.
    private static let script = """
        import os, socket, ssl, subprocess, sys, threading
        folder, target, name = sys.argv[1], int(sys.argv[2]), sys.argv[3]
        os.chdir(folder)
        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], check=True, capture_output=True)
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
                "-days", "1", "-subj", "/CN=conformance authority")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=" + name)
        with open("names", "w") as names:
            names.write("subjectAltName=DNS:" + name)
        openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-out", "cert.pem", "-days", "1", "-extfile", "names")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("cert.pem", "key.pem")
        listener = socket.create_server(("127.0.0.1", 0))
        with open("port.new", "w") as port:
            port.write(str(listener.getsockname()[1]))
        os.rename("port.new", "port")
        def pump(source, sink):
            try:
                while data := source.recv(65536):
                    sink.sendall(data)
            except OSError:
                pass
            finally:
                for end in (source, sink):
                    try:
                        end.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        pass
        def serve(client):
            try:
                secure = context.wrap_socket(client, server_side=True)
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", target))
            threading.Thread(target=pump, args=(secure, server), daemon=True).start()
            pump(server, secure)
        def live():
            sys.stdin.read()
            os._exit(0)
        threading.Thread(target=live, daemon=True).start()
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client,), daemon=True).start()
        """
}
