import Dispatch
import FlotillaMessaging
import Foundation
import Greetings
import Workers

// Makes the tables, runs the greeter until SIGTERM or Ctrl-C, then drains.
let environment = ProcessInfo.processInfo.environment
guard let rabbitMQ = environment["RABBITMQ_URL"], let postgres = environment["DATABASE_URL"] else {
    FileHandle.standardError.write(Data("greetings: set RABBITMQ_URL and DATABASE_URL\n".utf8))
    exit(2)
}

let fleet = try await Fleet(
    FleetConfiguration(
        topology: TopologyFile.load(from: environment["GREETINGS_QUEUES"] ?? "queues.yaml"),
        rabbitMQ: rabbitMQ,
        postgres: postgres,
        redis: environment["REDIS_URL"],
        stateFolder: environment["GREETINGS_STATE"] ?? "/tmp/greetings"
    ),
    modules: [GreetingsModule()]
)
try await fleet.migrate()

let signals = [SIGTERM, SIGINT].map { number in
    signal(number, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: number, queue: .main)
    source.setEventHandler { fleet.shutdown() }
    source.resume()
    return source
}
try await fleet.run()
withExtendedLifetime(signals) {}
