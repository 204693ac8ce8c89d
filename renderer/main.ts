import './app.css'
import { mount } from 'svelte'
import App from './App.svelte'
import { appearance } from './shell/appearance.svelte.ts'

// The first paint is already in the user's language.
await appearance.load()
mount(App, { target: document.body })
