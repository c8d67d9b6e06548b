import FlotillaMessaging
import FlotillaModels
import FlotillaStorage
import Workers
import Foundation
import Glibc

/// A process with one worker that does what each message tells it to: fail, crash, hang. The end-to-end tests run it.
///
/// Usage: `faulty-worker QUEUES_FILE STATE_FOLDER LOG_FILE`, with RABBITMQ_URL, DATABASE_URL and REDIS_URL set.
@main
struct FaultyWorkerProgram {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4 else {
            FileHandle.standardError.write(Data("usage: faulty-worker QUEUES_FILE STATE_FOLDER LOG_FILE\n".utf8))
            exit(2)
        }
        let environment = ProcessInfo.processInfo.environment
        let fleet = try Fleet(
            FleetConfiguration(
                topology: TopologyFile.load(from: arguments[1]),
                rabbitMQ: environment["RABBITMQ_URL"] ?? "",
                postgres: environment["DATABASE_URL"] ?? "",
                redis: environment["REDIS_URL"],
                stateFolder: arguments[2],
                drain: .seconds(10),
                relaysOutbox: false
            )
        )
        try fleet.register(FaultySingleWorker(executions: ExecutionLog(path: arguments[3])))
        try fleet.register(FaultyBatchWorker(executions: ExecutionLog(path: arguments[3])))
        let termination = DispatchSource.makeSignalSource(signal: SIGTERM)
        signal(SIGTERM, SIG_IGN)
        termination.setEventHandler { fleet.shutdown() }
        termination.resume()
        try await fleet.run()
    }
}

/// What a message asks for.
struct FaultRequest: Decodable, Sendable {
    enum Kind: String, Decodable, Sendable {
        case succeed, fail, reject, abort, kill, hang, snooze
    }

    let kind: Kind
    /// The executions that go wrong; all of them without it.
    let times: Int?
    /// A file whose existence mends the cause.
    let mendedBy: String?
    let milliseconds: Int?

    func goesWrong(at attempt: Int) -> Bool {
        if let mendedBy, FileManager.default.fileExists(atPath: mendedBy) { return false }
        return attempt <= times ?? .max
    }
}

struct RequestedFault: Error, CustomStringConvertible {
    let description = "trouble, as the message asked for"
}

struct FaultySingleWorker: Worker {
    static let name = "trouble"
    static let events = ["single"]
    let executions: ExecutionLog

    func handle(_ fault: FaultRequest, in context: MessageContext) async throws -> Outcome {
        executions.note(context.messageID, attempt: context.attempt)
        if let milliseconds = fault.milliseconds { try await Task.sleep(for: .milliseconds(milliseconds)) }
        if fault.goesWrong(at: context.attempt) {
            switch fault.kind {
            case .succeed: break
            case .fail: throw RequestedFault()
            case .reject: return .reject(reason: "rejected, as the message asked for")
            case .abort: abort()
            case .kill: kill(getpid(), SIGKILL)
            case .hang: while true { await Task.yield() }
            case .snooze: if executions.count(of: context.messageID) == 1 { return .snooze(.milliseconds(300)) }
            }
        }
        _ = try await context.transaction { transaction in
            try await transaction.execute(Effects.insert(context.messageID, context.attempt))
        }
        return .done
    }
}

struct FaultyBatchWorker: BatchWorker {
    static let name = "trouble"
    static let events = ["batch"]
    let executions: ExecutionLog

    func handle(_ items: [BatchItem<FaultRequest>], in context: BatchContext) async throws -> [Outcome] {
        for item in items {
            executions.note(item.messageID, attempt: item.attempt)
            if item.payload.kind == .abort, item.payload.goesWrong(at: item.attempt) { abort() }
            if item.payload.kind == .fail, item.payload.goesWrong(at: item.attempt) { throw RequestedFault() }
        }
        try await context.transaction { transaction in
            for (item, isFresh) in zip(items, transaction.isFresh) where isFresh {
                try await transaction.execute(Effects.insert(item.messageID, item.attempt))
            }
        }
        return items.map { _ in .done }
    }
}

enum Effects {
    static func insert(_ messageID: String, _ attempt: Int) -> SQLStatement {
        SQLStatement(
            "INSERT INTO trouble_effects (message_id, attempt) VALUES ($1, $2)",
            [.text(messageID), .int(Int64(attempt))]
        )
    }
}

/// One line per execution, written at once, so that a crash right afterwards loses none.
struct ExecutionLog: Sendable {
    let path: String

    func note(_ messageID: String, attempt: Int) {
        let line = "\(messageID) \(attempt) \(Date.now.timeIntervalSince1970)\n"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        _ = write(descriptor, line, line.utf8.count)
        close(descriptor)
    }

    func count(of messageID: String) -> Int {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").count { $0.hasPrefix(messageID + " ") }
    }
}
