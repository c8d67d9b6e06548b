import FlotillaPlatform
import FoundationEssentials
import Glibc

/// The private servers of one home: started together, found again by anybody who knows the home.
package struct EmbeddedServices: Sendable {
    package typealias Report = @Sendable (ServiceName, String) -> Void

    package let home: Home
    private let services: [any EmbeddedService]

    package init(home: Home) {
        self.home = home
        services = [PostgresService(home: home), RedisService(home: home), RabbitMQService(home: home)]
    }

    /// Starts what doesn't run, all at once, and returns when everything answers.
    ///
    /// - Parameter startTimeout: how long a server may neither answer nor write a line to its log; one that recovers much
    ///   may take ten times as long in all.
    /// - Returns: the services that did not run before.
    @discardableResult
    package func start(
        _ names: [ServiceName] = ServiceName.allCases,
        startTimeout: Duration = .seconds(120),
        report: @escaping Report
    ) async throws -> [ServiceName] {
        try home.prepare()
        return try await withStartLocks(names, report: report) {
            try await withThrowingTaskGroup(of: ServiceName?.self) { group in
                for service in services where names.contains(service.name) {
                    group.addTask {
                        let start = ServiceStart(service: service, startTimeout: startTimeout, report: report)
                        return try await start.perform() ? service.name : nil
                    }
                }
                var started: [ServiceName] = []
                for try await name in group { if let name { started.append(name) } }
                return started
            }
        }
    }

    /// Ends the services in good order; what doesn't end in time is killed. No process is left.
    package func stop(_ names: [ServiceName] = ServiceName.allCases, report: @escaping Report) async throws {
        guard FileManager.default.fileExists(atPath: home.control) else { return }
        try await withStartLocks(names, report: report) { await end(names, report: report) }
    }

    /// Kills the services' processes, as a crash would.
    package func kill(_ names: [ServiceName]) async {
        for service in services where names.contains(service.name) { await service.process.killAll() }
    }

    /// Ends everything and deletes all data of the home.
    ///
    /// - Throws: `ServiceError`, with nothing changed, while a `flotilla up` runs there: it would start them again.
    package func reset(report: @escaping Report) async throws {
        guard FileManager.default.fileExists(atPath: home.path) else { return }
        guard !home.isInSession else {
            throw ServiceError(nil, "flotilla up runs in \(home.path)", remedy: "end it with Ctrl-C, then reset")
        }
        try await stop(report: report)
        var folders = [home.control, home.logs] + services.map { home.folder(of: $0.name) }
        folders += services.map { home.socketFolder(for: $0.name, socket: ".s.PGSQL.5432") }
        folders.append(home.socketFolder(for: .redis, socket: "redis.sock"))
        for folder in folders where FileManager.default.fileExists(atPath: folder) {
            try FileManager.default.removeItem(atPath: folder)
        }
        // A folder with anything of somebody else's stays.
        for folder in Set([home.base, home.path]) { rmdir(folder) }
    }

    package func status() async -> [ServiceStatus] {
        var all: [ServiceStatus] = []
        for service in services {
            all.append(
                ServiceStatus(
                    name: service.name,
                    state: await service.state,
                    process: service.process.mainProcess.map(Int.init),
                    data: home.folder(of: service.name),
                    log: service.process.log
                )
            )
        }
        return all
    }

    /// What clients need to reach the services whose processes live.
    package func variables() -> [(name: String, value: String)] {
        services.filter(\.process.isRunning).flatMap(\.variables)
    }

    /// Whether the process of the service lives; it may not answer yet.
    package func isRunning(_ name: ServiceName) -> Bool {
        services.contains { $0.name == name && $0.process.isRunning }
    }

    /// What can be said of a service whose process lives.
    func condition(of name: ServiceName) async -> ServiceCondition {
        await services.first { $0.name == name }?.condition() ?? .sound
    }

    private func end(_ names: [ServiceName], report: @escaping Report) async {
        await withTaskGroup(of: Void.self) { group in
            for service in services where names.contains(service.name) {
                group.addTask {
                    if service.process.isRunning {
                        report(service.name, "stopping")
                        await service.process.stop(signal: service.stopSignal, timeout: .seconds(30))
                        report(service.name, "stopped")
                    }
                    for companion in service.companions { await companion.stop(signal: SIGTERM, timeout: .seconds(5)) }
                }
            }
        }
    }

    /// One start or stop of a service at a time; the locks go with the process that holds them, however it ends.
    ///
    /// They are taken in the order of the services, so that two callers can't wait for each other.
    private func withStartLocks<Result>(
        _ names: [ServiceName],
        report: @escaping Report,
        _ body: () async throws -> Result
    ) async throws -> Result {
        guard let name = ServiceName.allCases.first(where: names.contains) else { return try await body() }
        let others = names.filter { $0 != name }
        let path = "\(home.control)/\(name.rawValue)-start.lock"
        var hasWaited = false
        while true {
            if let lock = try FileLock.take(path) {
                if let owner = home.owner { fchown(lock.descriptor, owner.user, owner.group) }
                defer { extendLifetime(lock) }
                return try await withStartLocks(others, report: report, body)
            }
            if !hasWaited { report(name, "waiting for another start or stop") }
            hasWaited = true
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
