import FlotillaTestSupport
import Foundation

/// A publisher in another language, which signs what it sends only where it is told to.
struct PikaPublisher {
    struct Sent: Encodable {
        var exchange: String
        var key: String
        var body = "{}"
        var id: String?
        /// `user_id`.
        var user: String?
        var type: String?
        var headers: [String: String] = [:]
    }

    static let isInstalled = (try? run("import pika", [:])) != nil

    /// With user and password.
    let url: String

    /// What the broker says of each message: `ok`, `unroutable`, or the code with which it closes the channel.
    func publish(_ messages: [Sent]) async throws -> [String] {
        let text = String(decoding: try JSONEncoder().encode(messages), as: UTF8.self)
        let environment = ["URL": url, "MESSAGES": text]
        let answers = try await offPool { try Self.run(Self.script, environment) }
        return try JSONDecoder().decode([String].self, from: Data(answers.utf8))
    }

    /// Whether the broker lets it make a queue.
    func makesQueue(_ name: String) async throws -> Bool {
        let environment = ["URL": url, "QUEUE": name]
        return try await offPool { try Self.run(Self.declaration, environment) }.hasPrefix("ok")
    }

    static func delete(user: String) async throws {
        guard let management = ProcessInfo.processInfo.environment["RABBITMQ_MANAGEMENT_URL"] else { return }
        _ = try await offPool { try Self.run(Self.deletion, ["URL": management, "NAME": user]) }
    }

    private static let script = """
        import json, os, pika
        def publish(message):
            connection = pika.BlockingConnection(pika.URLParameters(os.environ["URL"]))
            try:
                channel = connection.channel()
                channel.confirm_delivery()
                properties = pika.BasicProperties(content_type="application/json", headers=message["headers"],
                    message_id=message.get("id"), user_id=message.get("user"), type=message.get("type"))
                channel.basic_publish(message["exchange"], message["key"], message["body"].encode(), properties, True)
                return "ok"
            except pika.exceptions.ChannelClosedByBroker as error: return str(error.reply_code)
            except pika.exceptions.UnroutableError: return "unroutable"
            finally:
                if connection.is_open: connection.close()
        print(json.dumps([publish(message) for message in json.loads(os.environ["MESSAGES"])]))
        """

    private static let declaration = """
        import os, pika
        connection = pika.BlockingConnection(pika.URLParameters(os.environ["URL"]))
        try:
            connection.channel().queue_declare(os.environ["QUEUE"], exclusive=True)
            print("ok")
        except pika.exceptions.ChannelClosedByBroker as error: print(error.reply_code)
        connection.close()
        """

    private static let deletion = """
        import base64, os, urllib.parse, urllib.request
        url = urllib.parse.urlparse(os.environ["URL"])
        request = urllib.request.Request(f"http://{url.hostname}:{url.port}/api/users/{os.environ['NAME']}", method="DELETE")
        request.add_header("Authorization", "Basic " + base64.b64encode(f"{url.username}:{url.password}".encode()).decode())
        urllib.request.urlopen(request)
        """

    private static func run(_ script: String, _ environment: [String: String]) throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/python3")
        process.arguments = ["-c", script]
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        let (output, problems) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, problems)
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        let problem = try problems.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw TestSetupError(description: "python: \(String(decoding: problem, as: UTF8.self))")
        }
        return String(decoding: text, as: UTF8.self)
    }
}
