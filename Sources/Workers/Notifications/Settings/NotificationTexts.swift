/// What every process that makes notifications needs: their texts, and who they come from.
package struct NotificationTexts: Sendable {
    package let templates: TemplateLibrary
    package let identity: NotificationIdentity

    package init(templates: TemplateLibrary, identity: NotificationIdentity) {
        self.templates = templates
        self.identity = identity
    }
}
