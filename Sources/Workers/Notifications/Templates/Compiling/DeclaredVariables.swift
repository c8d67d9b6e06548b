/// The variables that a template may use, by their dotted paths.
struct DeclaredVariables: Sendable {
    /// Given to every template.
    static let common = [
        "recipient": true, "recipient.id": false, "recipient.email": false, "recipient.name": false,
        "app": true, "app.name": true, "app.url": true, "app.support_email": true,
        "unsubscribe_url": false, "preferences_url": false,
    ]
    /// Made by the engine from the text file's header lines and the language.
    static let engine = ["subject", "preview", "reason", "language", "direction", "marketing"].map {
        "notification.\($0)"
    }

    /// Whether each always has to be there.
    private(set) var isRequired = common

    init(_ manifest: TemplateManifest) {
        for name in Self.engine + ["notification"] { isRequired[name] = true }
        for name in manifest.optional { isRequired[name] = false }
        for name in manifest.anyOf.joined() { isRequired[name] = false }
        for name in manifest.required { isRequired[name] = true }
        for name in isRequired.keys {
            var parent = name[...]
            while let dot = parent.lastIndex(of: ".") {
                parent = parent[..<dot]
                if isRequired[String(parent)] == nil { isRequired[String(parent)] = true }
            }
        }
    }
}
