import FlotillaLocalization

/// Puts the partials of a template into one list of nodes, binds its names, and decides on escaping.
struct TemplateCompiler {
    enum Format: String, Sendable {
        case html
        case text = "txt"
    }

    /// Partials in partials.
    static let maximumDepth = 12
    /// Nodes of one text; partials that multiply each other end here.
    static let maximumSize = 20_000

    private enum Binding {
        case literal(String)
        case variable(VariableScope.Resolved)
    }

    private struct Surroundings {
        var scope: VariableScope
        var bindings: [String: Binding] = [:]
        /// The names of the partials around.
        var partials: [String] = []
        var file: String
    }

    private let format: Format
    private let partials: [String: ParsedTemplate]
    private var place = HTMLPlace()
    private var size = 0
    private var mistakes: [TemplateMistakes.Mistake] = []

    /// - Parameter partials: By name, for the language and the format that is compiled.
    static func compile(
        _ template: ParsedTemplate,
        as format: Format,
        with partials: [String: ParsedTemplate],
        variables: DeclaredVariables,
        mistakes: inout [TemplateMistakes.Mistake]
    ) -> [TemplateNode] {
        var compiler = TemplateCompiler(format: format, partials: partials)
        let around = Surroundings(scope: VariableScope(variables), file: template.file)
        let nodes = compiler.compile(template.nodes, in: around)
        if format == .html, compiler.place != HTMLPlace() {
            compiler.report("the text ends inside of a tag or an element without content", line: 1, in: around)
        }
        mistakes += compiler.mistakes
        return nodes
    }

    private init(format: Format, partials: [String: ParsedTemplate]) {
        (self.format, self.partials) = (format, partials)
    }

    private mutating func compile(_ nodes: [SyntaxNode], in around: Surroundings) -> [TemplateNode] {
        var compiled: [TemplateNode] = []
        for node in nodes {
            size += 1
            guard size <= Self.maximumSize else {
                if size == Self.maximumSize + 1 {
                    report("the template is too large with its partials", line: 1, in: around)
                }
                break
            }
            switch node {
            case .text(let bytes): add(text: bytes, to: &compiled)
            case .variable(let tag): compile(tag, in: around, to: &compiled)
            case .section(let tag, let inner): compile(tag, inner, in: around, to: &compiled)
            case .partial(let tag): compile(tag, in: around, to: &compiled)
            }
        }
        return compiled
    }

    private mutating func add(text: [UInt8], to compiled: inout [TemplateNode]) {
        if format == .html { place.pass(text) }
        add(.text(text), to: &compiled)
    }

    /// Texts side by side become one.
    private func add(_ node: TemplateNode, to compiled: inout [TemplateNode]) {
        if case .text(let bytes) = node, case .text(let before) = compiled.last {
            compiled[compiled.count - 1] = .text(before + bytes)
        } else {
            compiled.append(node)
        }
    }

    private mutating func compile(_ tag: VariableTag, in around: Surroundings, to compiled: inout [TemplateNode]) {
        guard let escaping = escaping(of: tag, in: around) else { return }
        guard let binding = resolve(tag.path, line: tag.line, in: around) else { return place.passVariable() }
        switch binding {
        case .literal(let text):
            if tag.filter != nil { report("a text in quotes takes no filter", line: tag.line, in: around) }
            var output = OutputText()
            do throws(UnwritableValue) {
                try output.write(text, as: escaping)
            } catch { report("\(tag.path): \(error.text)", line: tag.line, in: around) }
            add(text: output.bytes, to: &compiled)
        case .variable(let resolved):
            let filter = filter(of: tag, escaping, in: around)
            if filter?.takesMissing != true { checkGuard(of: resolved, line: tag.line, in: around) }
            place.passVariable()
            compiled.append(
                .variable(BoundVariable(reference: resolved.reference, filter: filter, escaping: escaping))
            )
        }
    }

    private mutating func escaping(of tag: VariableTag, in around: Surroundings) -> Escaping? {
        guard format == .html else { return .plain }
        switch place.rule {
        case .write(let escaping): return escaping
        case .refuse(let position):
            report("{{\(tag.path)}} can't stand \(position)", line: tag.line, in: around)
            return nil
        }
    }

    private mutating func filter(of tag: VariableTag, _ escaping: Escaping, in around: Surroundings) -> TextFilter? {
        guard let call = tag.filter else { return nil }
        if escaping == .link || escaping == .linkPart {
            report("an address takes no filter", line: tag.line, in: around)
        }
        var operands: [Operand] = []
        for argument in call.arguments {
            switch argument {
            case .literal(let text): operands.append(.literal(text))
            case .path(let path):
                guard let binding = resolve(path, line: tag.line, in: around) else { return nil }
                switch binding {
                case .literal(let text): operands.append(.literal(text))
                case .variable(let resolved):
                    checkGuard(of: resolved, line: tag.line, in: around)
                    operands.append(.reference(resolved.reference))
                }
            }
        }
        do throws(TagReader.Problem) {
            let filter = try TextFilter.make(call.name, operands)
            if filter == .lines, escaping == .attribute {
                report("an attribute can't keep lines", line: tag.line, in: around)
            }
            return filter
        } catch {
            report(error.text, line: tag.line, in: around)
            return nil
        }
    }

    private mutating func compile(
        _ tag: SectionTag,
        _ inner: [SyntaxNode],
        in around: Surroundings,
        to compiled: inout [TemplateNode]
    ) {
        guard let binding = resolve(tag.path, line: tag.line, in: around) else { return }
        switch binding {
        case .literal(let text):
            guard text.isEmpty == tag.isInverted else { return }
            for node in compile(inner, in: around) { add(node, to: &compiled) }
        case .variable(let resolved):
            let before = place
            var inside = around
            if !tag.isInverted { inside.scope = around.scope.entering(resolved) }
            let nodes = compile(inner, in: inside)
            if place != before {
                report("\(tag.text) has to open and close the same tags and quotes", line: tag.line, in: around)
                place = before
            }
            compiled.append(.section(resolved.reference, isInverted: tag.isInverted, nodes))
        }
    }

    private mutating func compile(_ tag: PartialTag, in around: Surroundings, to compiled: inout [TemplateNode]) {
        guard let partial = partials[tag.name] else {
            let known = partials.keys.sorted().joined(separator: ", ")
            return report("there is no partial “\(tag.name)”; there are \(known)", line: tag.line, in: around)
        }
        guard !around.partials.contains(tag.name) else {
            return report("the partial “\(tag.name)” includes itself", line: tag.line, in: around)
        }
        guard around.partials.count < Self.maximumDepth else {
            return report("partials are nested deeper than \(Self.maximumDepth)", line: tag.line, in: around)
        }
        var inside = around
        inside.bindings = [:]
        inside.partials.append(tag.name)
        inside.file = partial.file
        for (name, argument) in tag.arguments.sorted(by: { $0.key < $1.key }) {
            switch argument {
            case .literal(let text): inside.bindings[name] = .literal(text)
            case .path(let path): inside.bindings[name] = resolve(path, line: tag.line, in: around)
            }
        }
        for node in compile(partial.nodes, in: inside) { add(node, to: &compiled) }
    }

    private mutating func resolve(_ path: VariablePath, line: Int, in around: Surroundings) -> Binding? {
        if path.names.count == 1, let binding = around.bindings[path.names[0]] { return binding }
        let place = SourcePlace(file: around.file, line: line)
        if let resolved = around.scope.resolve(path, at: place) { return .variable(resolved) }
        report("{{\(path)}} is not among the variables of template.json", line: line, in: around)
        return nil
    }

    private mutating func checkGuard(of resolved: VariableScope.Resolved, line: Int, in around: Surroundings) {
        guard let name = around.scope.unguarded(resolved) else { return }
        report("\(name) may be missing; use it inside of {{#\(name)}}…{{/\(name)}}", line: line, in: around)
    }

    private mutating func report(_ problem: String, line: Int, in around: Surroundings) {
        mistakes.append(.init(file: around.file, line: line, problem: problem))
    }
}
