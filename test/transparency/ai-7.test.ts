import { faces } from './face.ts';
import { testTransparency } from './test-transparency.ts';

testTransparency(faces['ai 7']);
