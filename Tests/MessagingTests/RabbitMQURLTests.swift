@testable import FlotillaMessaging
import FlotillaPlatform
import Testing

struct RabbitMQURLTests {
    @Test func `everything can be said in the URL`() throws {
        let configuration = try RabbitMQConfiguration(
            url: "amqps://us%40er:p%3Aw%2F@broker.example:5999/a%2Fb?heartbeat=3&connection_timeout=1500"
                + "&cacertfile=/etc/ca.pem&certfile=/c.pem&keyfile=/k.pem&verify=verify_peer&name=me"
        )
        #expect(configuration.user == "us@er")
        #expect(configuration.password.revealed == "p:w/")
        #expect(configuration.host == "broker.example")
        #expect(configuration.port == 5999)
        #expect(configuration.virtualHost == "a/b")
        #expect(configuration.heartbeat == .seconds(3))
        #expect(configuration.connectTimeout == .milliseconds(1_500))
        #expect(configuration.connectionName == "me")
        #expect(configuration.tls?.authorities == "/etc/ca.pem")
        #expect(configuration.tls?.certificate == "/c.pem")
        #expect(configuration.tls?.key == "/k.pem")
    }

    @Test(arguments: ["amqp://h", "amqp://h/", "amqp://h/%2F", "amqp://h/%2f"])
    func `a vhost that is missing, empty or a slash is the default one`(url: String) throws {
        #expect(try RabbitMQConfiguration(url: url).virtualHost == "/")
    }

    @Test func `what is left out has its usual value`() throws {
        let plain = try RabbitMQConfiguration(url: "amqp://")
        #expect((plain.host, plain.port, plain.user) == ("localhost", 5672, "guest"))
        #expect(plain.heartbeat == .seconds(10))
        #expect(plain.tls == nil)
        let secure = try RabbitMQConfiguration(url: "amqps://h")
        #expect(secure.port == 5671)
        #expect(secure.tls != nil)
    }

    @Test func `an IPv6 address stands in brackets`() throws {
        let configuration = try RabbitMQConfiguration(url: "amqp://[::1]:1234/v")
        #expect((configuration.host, configuration.port) == ("::1", 1234))
    }

    @Test(
        arguments: [
            "http://h", "h:5672", "amqp://h:0", "amqp://h:70000", "amqp://h:x", "amqp://h/%zz", "amqp://h/a%00b",
            "amqp://[::1", "amqp://h?heartbeat=-1", "amqp://h?nonsense=1", "amqps://h?verify=verify_none",
            "amqp://h?cacertfile=/x", "amqp://h?frame_max=1",
        ]
    )
    func `a wrong URL is refused without repeating it`(url: String) {
        let error = #expect(throws: AMQPError.self) { try RabbitMQConfiguration(url: url) }
        #expect(error?.code == .configuration)
        #expect(error?.isRetriable == false)
    }

    @Test func `printing a configuration shows no password`() throws {
        let configuration = try RabbitMQConfiguration(url: "amqp://user:hunter2@127.0.0.1")
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in ["\(configuration)", String(reflecting: configuration), dumped] {
            #expect(!text.contains("hunter2"))
        }
    }

    @Test func `plaintext leaves this machine only to hosts allowed by name`() throws {
        var remote = try RabbitMQConfiguration(url: "amqp://broker.example")
        #expect(remote.validate().count == 1)
        remote.plaintextHosts = ["broker.example"]
        #expect(remote.validate().isEmpty)
        #expect(try RabbitMQConfiguration(url: "amqp://127.0.0.1").validate().isEmpty)
        #expect(try RabbitMQConfiguration(url: "amqps://broker.example").validate().isEmpty)
    }
}
