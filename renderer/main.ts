import './app.css'
import { mount } from 'svelte'
import App from './App.svelte'
import { appearance } from './shell/appearance.svelte.ts'

// Load the language first, so that the first paint is in the user's language.
await appearance.load()
mount(App, { target: document.body })
