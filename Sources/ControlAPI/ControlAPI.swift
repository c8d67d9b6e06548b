package import Models
package import Storage
package import Telemetry
package import Workers

/// The control API: the routes of all resources, put together into one server.
package enum ControlAPI {
    /// What the routes work with.
    package struct Dependencies: Sendable {
        package var postgres: PostgresPool
        /// `nil` without Redis: jobs are then shown as their records have them.
        package var states: JobStates?
        package var topology: Topology
        package var readiness: Readiness
        package var admission: Admission
        /// `nil` searches the tables of ``postgres``.
        package var search: (any SearchEngine)?
        /// `nil` without templates: there are no notifications then.
        package var notifications: NotificationTexts?
        /// Where quotas are shown; `nil` without Redis: they are then read from Postgres.
        package var quotaBoard: QuotaBoard?
        /// `nil` without master keys: there is no audit log to read then.
        package var audit: AuditLog?
        /// Where tickets' files are; `nil` goes without the files.
        package var ticketFiles: (any TicketFileStore)?
        /// `nil` without master keys: nobody can scan tickets then.
        package var door: TicketDoor?
        package var metrics: Metrics
        package var log: Log

        package init(
            postgres: PostgresPool,
            states: JobStates?,
            topology: Topology,
            readiness: Readiness,
            admission: Admission = Admission(),
            search: (any SearchEngine)? = nil,
            notifications: NotificationTexts? = nil,
            quotaBoard: QuotaBoard? = nil,
            audit: AuditLog? = nil,
            ticketFiles: (any TicketFileStore)? = nil,
            door: TicketDoor? = nil,
            metrics: Metrics,
            log: Log
        ) {
            self.postgres = postgres
            self.states = states
            self.topology = topology
            self.readiness = readiness
            self.admission = admission
            self.search = search
            self.notifications = notifications
            self.quotaBoard = quotaBoard
            self.audit = audit
            self.ticketFiles = ticketFiles
            self.door = door
            self.metrics = metrics
            self.log = log
        }
    }

    /// Listens, and answers until the server is stopped.
    package static func start(
        _ configuration: HTTPServerConfiguration,
        _ dependencies: Dependencies
    ) throws(HTTPServerError) -> HTTPServer {
        let responder = Responder(
            router: Router(routes(dependencies)),
            authenticator: Authenticator(APIKeys(dependencies.postgres)),
            log: dependencies.log,
            metrics: dependencies.metrics
        )
        return try HTTPServer.start(configuration) { request in await responder.respond(to: request) }
    }

    static func routes(_ dependencies: Dependencies) -> [Route] {
        let topology = dependencies.topology
        let jobs = JobRoutes(
            Jobs(dependencies.postgres, exchange: topology.commands.name),
            states: dependencies.states,
            types: topology.jobTypes,
            admission: dependencies.admission
        )
        let events = EventRoutes(
            dependencies.postgres,
            exchange: topology.events.name,
            admission: dependencies.admission
        )
        let search = SearchRoutes(
            dependencies.search ?? PostgresSearch(dependencies.postgres),
            dependencies.postgres,
            exchange: topology.events.name
        )
        let quotas = QuotaReader(dependencies.postgres, board: dependencies.quotaBoard)
        let profiles = ProfileRoutes(
            dependencies.postgres,
            quotas: quotas,
            exchange: topology.events.name,
            admission: dependencies.admission
        )
        let tickets = TicketRoutes(
            dependencies.postgres,
            exchange: topology.commands.name,
            files: dependencies.ticketFiles,
            admission: dependencies.admission
        )
        let resources =
            jobs.routes + tickets.routes + events.routes + search.routes + profiles.routes
            + notificationRoutes(dependencies)
            + companyRoutes(dependencies, quotas) + (dependencies.audit.map { AuditRoutes($0).routes } ?? [])
            + TicketCancelRoutes(dependencies.postgres, topology: topology).routes
            + (dependencies.door.map { ScanRoutes($0).routes } ?? []) + HealthRoutes(dependencies.readiness).routes
            + MetricsRoutes(dependencies.metrics, isOpen: false).routes
        return resources + OpenAPIRoutes(describing: resources).routes
    }

    private static func companyRoutes(_ dependencies: Dependencies, _ quotas: QuotaReader) -> [Route] {
        let pool = dependencies.postgres
        return QuotaRoutes(quotas).routes + SubscriptionRoutes(pool).routes + TokenRoutes(pool).routes
    }

    private static func notificationRoutes(_ dependencies: Dependencies) -> [Route] {
        guard let texts = dependencies.notifications else { return [] }
        let pool = dependencies.postgres
        let sending = NotificationRoutes(
            pool,
            dispatch: NotificationDispatch(texts, topology: dependencies.topology),
            admission: dependencies.admission
        )
        return sending.routes + InboxRoutes(pool).routes + PreferenceRoutes(pool, templates: texts.templates).routes
    }
}

extension Topology {
    /// The keys by which jobs reach a queue.
    package var jobTypes: Set<String> {
        Set(queues.flatMap(\.bindings).filter { $0.exchange == commands.name }.map(\.key))
    }
}
