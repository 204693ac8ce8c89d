/**
 * The element `<xterm-style>`. xterm creates it instead of `<style>`, which the content security policy forbids (see
 * tools/xterm-policy.ts). Its text becomes a style sheet that applies while the element is in the document.
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
