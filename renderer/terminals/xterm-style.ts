/**
 * Replaces the `<style>` elements of xterm, which the content security policy forbids (tools/xterm-policy.ts). The
 * element puts its text into a constructed style sheet, which applies while the element is in the document.
 */
class XtermStyle extends HTMLElement {
  readonly #sheet = new CSSStyleSheet()

  connectedCallback() {
    document.adoptedStyleSheets.push(this.#sheet)
  }

  disconnectedCallback() {
    document.adoptedStyleSheets = document.adoptedStyleSheets.filter((sheet) => sheet !== this.#sheet)
  }

  override get textContent(): string {
    return ''
  }
  override set textContent(css: string | null) {
    this.#sheet.replaceSync(css ?? '')
  }
}

if (!customElements.get('xterm-style')) customElements.define('xterm-style', XtermStyle)
