// Is never loaded: it computes while it loads.
for (;;) Math.sqrt(2);
