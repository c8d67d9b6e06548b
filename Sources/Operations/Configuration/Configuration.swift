package import FlotillaCommandLineKit
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
        let embedded = EmbeddedServices(home: home).variables()
        var problems = file.problems
        var values: [String: any Sendable] = [:]
        var sources: [String: Source] = [:]
        var texts: [String: String] = [:]
        for setting in settings {
            if let text = merged[setting.name], !text.isEmpty {
                sources[setting.name] = environment[setting.name] == nil ? .file : .environment
                texts[setting.name] = text
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
            guard let rule = setting.address, let text = texts[setting.name] else { continue }
            problems += rule.problems(with: text, of: setting.name, allowedPlaintextHosts: allowed)
        }
        guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
        let known = Set(settings.map(\.name))
        warnings = merged.keys.filter { $0.hasPrefix("FLOTILLA_") && !known.contains($0) }.sorted().map {
            "\($0) is not a setting" + nearest(to: $0, among: known)
        }
        (self.home, self.values, self.sources, self.texts) = (home, values, sources, texts)
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
        guard setting.isSecret else { return text }
        return ServerURL(text)?.display ?? Secret(text).description
    }
}

private func nearest(to name: String, among names: Set<String>) -> String {
    let candidates = names.filter { $0.hasPrefix("FLOTILLA_") }.sorted()
    return Suggestion.text(for: name, among: candidates)
}
