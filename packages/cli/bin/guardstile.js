#!/usr/bin/env node
// Here and not in dist/, for npm links a command when it installs, which is before the first build.
import '../dist/main.js';
