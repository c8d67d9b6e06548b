package import FlotillaCommandLineKit
import FlotillaModels
import FlotillaPlatform
import FoundationEssentials

/// What the process was told: the environment, then the `.env` file, then the running servers of the home, then defaults.
///
/// Read a value with its declaration: `configuration[Settings.port]`.
package struct Configuration: Sendable {
    /// Where a value came from.
    package enum Source: String, Sendable, Encodable {
        case environment, file = ".env", home, standard = "default", absent = "not set"
    }

    package let home: Home
    /// What looks like a mistake but stops nothing.
    package let warnings: [String]
    /// That the servers' addresses are those of another home, which `eval` has left in the environment; nil otherwise.
    package let foreignServers: String?
    /// Whether keys that are missing are made: by the fleet's processes and by what writes, never by what only reads.
    package var makesKeys = false
    private let values: [String: any Sendable]
    private let sources: [String: Source]
    private let texts: [String: String]

    /// Reads everything, and refuses with all problems at once.
    ///
    /// - Parameters:
    ///   - currentFolder: where `.env` and a relative home are looked for.
    ///   - settings: what there is beside the settings of the core: those of the domains.
    package init(
        environment: [String: String],
        currentFolder: String,
        settings: [any SettingDeclaration]
    ) throws(ConfigurationError) {
        let settings = Settings.core + settings
        let file = EnvironmentFile(PrivateFile.read(currentFolder + "/.env") ?? "")
        let merged = environment.merging(file.values) { variable, _ in variable }
        let home = Home(environment: merged, currentFolder: currentFolder)
        var embedded = home.isForeign ? [] : EmbeddedServices(home: home).variables()
        if !home.isForeign, let probes = home.probes { embedded.append((Settings.probes.name, probes)) }
        if let path = Self.queuesFile(home, currentFolder) { embedded.append((Settings.queues.name, path)) }
        var problems = file.problems
        var values: [String: any Sendable] = [:]
        var sources: [String: Source] = [:]
        var texts: [String: String] = [:]
        for setting in settings {
            if let text = merged[setting.name], !text.isEmpty {
                sources[setting.name] = environment[setting.name] == nil ? .file : .environment
                texts[setting.name] = text
                guard setting.isSecret || !Credentials.isIn(text) else {
                    problems.append(
                        "\(setting.name) must not hold a user or a password; an @ elsewhere in a URL is written %40"
                    )
                    continue
                }
                values[setting.name] = setting.parse(text)
                if values[setting.name] == nil {
                    problems.append("\(setting.name) has to be \(setting.expectation)")
                }
            } else if let variable = embedded.first(where: { $0.name == setting.name }) {
                sources[setting.name] = .home
                texts[setting.name] = variable.value
                values[setting.name] = setting.parse(variable.value)
            } else if let value = setting.defaultValue {
                sources[setting.name] = .standard
                values[setting.name] = value
            }
        }
        let allowed = (values[Settings.allowPlaintext.name] as? WordList)?.words ?? []
        for setting in settings {
            guard let rule = setting.address, values[setting.name] != nil, let text = texts[setting.name] else {
                continue
            }
            problems += rule.problems(with: text, of: setting.name, allowedPlaintextHosts: allowed)
        }
        problems += Self.retentionProblems(values)
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        foreignServers = Self.foreignServers(home, currentFolder, sources, values)
        let known = Set(settings.map(\.name))
        let unknown = merged.keys.filter { $0.hasPrefix("FLOTILLA_") && !known.contains($0) }.sorted().map {
            "\($0) is not a setting" + nearest(to: $0, among: known)
        }
        let foreignHome = home.isForeign ? "\(home.path) is somebody else's and not used; set FLOTILLA_HOME" : nil
        warnings = unknown + [foreignServers, foreignHome].compactMap(\.self)
        (self.home, self.values, self.sources, self.texts) = (home, values, sources, texts)
    }

    /// A job's record has to outlive the memory of its message: both say that it has been carried out.
    private static func retentionProblems(_ values: [String: any Sendable]) -> [String] {
        guard let messages = values[Settings.inboxRetention.name] as? Duration else { return [] }
        return [Settings.jobRetention, Settings.deadJobRetention].compactMap { setting in
            guard let jobs = values[setting.name] as? Duration, jobs < messages else { return nil }
            return "\(setting.name) must not be less than \(Settings.inboxRetention.name) (\(messages.text))"
        }
    }

    /// Where the queue file is when it is not in the current folder and nobody names it: beside the home, or where
    /// `flotilla up` had it.
    private static func queuesFile(_ home: Home, _ currentFolder: String) -> String? {
        let name = Settings.queues.defaultText
        guard !FileManager.default.fileExists(atPath: "\(currentFolder)/\(name)") else { return nil }
        let recorded = home.isForeign ? nil : PrivateFile.read(home.queuesFile)
        let places = [PrivateFile.parent(of: home.path).map { "\($0)/\(name)" }, recorded]
        return places.compactMap(\.self).first { FileManager.default.fileExists(atPath: $0) }
    }

    private static func foreignServers(
        _ home: Home,
        _ currentFolder: String,
        _ sources: [String: Source],
        _ values: [String: any Sendable]
    ) -> String? {
        guard let marked = values[Settings.serversOf.name] as? String else { return nil }
        let path = Home.normalised(marked.hasPrefix("/") ? marked : "\(currentFolder)/\(marked)")
        let servers: [any SettingDeclaration] = [
            Settings.rabbitMQ, Settings.rabbitMQManagement, Settings.database, Settings.redis,
        ]
        let given = servers.map(\.name).filter { sources[$0] == .environment }
        guard path != home.path, !given.isEmpty else { return nil }
        return
            "\(given.joined(separator: ", ")) \(given.count == 1 ? "is" : "are") of the home \(path), not of \(home.path)"
    }

    package subscript<Value>(setting: Setting<Value>) -> Value? { values[setting.name] as? Value }

    package subscript<Value>(setting: DefaultedSetting<Value>) -> Value {
        guard let value = values[setting.name] as? Value else {
            preconditionFailure("\(setting.name) is not in the list of settings")
        }
        return value
    }

    /// The value, or what to do to have one.
    package func require<Value>(_ setting: Setting<Value>) throws(CommandError) -> Value {
        guard let value = self[setting] else {
            throw CommandError(
                "\(setting.name) is not set, and no server runs in \(home.path)",
                remedy: "run flotilla services start, or set \(setting.name)"
            )
        }
        return value
    }

    package func source(of setting: any SettingDeclaration) -> Source { sources[setting.name] ?? .absent }

    /// The value as it may be shown: addresses without credentials, other secrets not at all.
    package func display(of setting: any SettingDeclaration) -> String {
        guard let text = texts[setting.name] else { return setting.defaultText }
        guard setting.isSecret else { return Credentials.hidden(in: text) }
        return (setting.address == nil ? nil : ServerURL(text)?.display) ?? Secret(text).description
    }
}

private func nearest(to name: String, among names: Set<String>) -> String {
    let candidates = names.filter { $0.hasPrefix("FLOTILLA_") }.sorted()
    return Suggestion.text(for: name, among: candidates)
}
